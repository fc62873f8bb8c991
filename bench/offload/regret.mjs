import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseTrace, plotLatency, SIMULATED_POLICIES, simulate } from '@cryptbpf/offload';

/* The recorded traces, replayed against each policy. Simulations: the same figures on every machine. */

const TRACES = new URL('traces/', import.meta.url);
export const NAMES = readdirSync(TRACES).map((file) => file.replace('.ndjson.gz', ''));

export function replay(name) {
  const trace = parseTrace(gunzipSync(readFileSync(new URL(`${name}.ndjson.gz`, TRACES))).toString());
  const simulations = SIMULATED_POLICIES.map((policy) => simulate(trace, policy));
  return {
    trace,
    simulations,
    meanUs: Object.fromEntries(simulations.map((one) => [one.policy, one.meanUs])),
  };
}

export function plot(name) {
  const { trace, simulations } = replay(name);
  return plotLatency(trace, simulations);
}
