import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { generateTrace, TRACE_KINDS } from '../src/trace/generate.js';
import { plotLatency } from '../src/trace/plot.js';
import { SIMULATED_POLICIES, type SimulatedPolicy, simulate } from '../src/trace/simulate.js';
import { formatTrace, parseTrace } from '../src/trace/trace.js';

const RECORDED = new URL('../../../bench/offload/traces/', import.meta.url);
const recorded = existsSync(RECORDED) ? readdirSync(RECORDED) : [];
const traces = new Map(
  recorded.map((file) => [file, parseTrace(gunzipSync(readFileSync(new URL(file, RECORDED))).toString())]),
);
const read = (file: string) => traces.get(file)!;

const means = new Map<string, number>();

function meanUs(file: string, policy: SimulatedPolicy): number {
  const name = `${file} ${policy}`;
  const known = means.get(name) ?? simulate(read(file), policy).meanUs;
  means.set(name, known);
  return known;
}

/** Mean latency of a policy, as a multiple of the oracle's. */
const ratio = (file: string, policy: SimulatedPolicy) => meanUs(file, policy) / meanUs(file, 'oracle');

test('every kind of trace is recorded, and what is recorded is what the generator makes', () => {
  expect(recorded.sort()).toEqual(TRACE_KINDS.map((kind) => `${kind}.ndjson.gz`).sort());
  for (const file of recorded) {
    const trace = read(file);
    expect(trace).toEqual(generateTrace(trace.trace, trace.seed, trace.requests.length));
  }
});

describe('on traces that it was not tuned on', () => {
  test.each(TRACE_KINDS)('the learned policy is within a tenth of the oracle: %s', (kind) => {
    expect(ratio(`${kind}.ndjson.gz`, 'learned')).toBeLessThanOrEqual(1.1);
  });

  test.each(TRACE_KINDS.filter((kind) => /^(mixed|bursty)/.test(kind)))(
    'the learned policy is better than every fixed one: %s',
    (kind) => {
      const learned = ratio(`${kind}.ndjson.gz`, 'learned');
      for (const fixed of ['static', 'bpf', 'userspace', 'hardware'] as const)
        expect(learned).toBeLessThan(ratio(`${kind}.ndjson.gz`, fixed));
    },
  );
});

describe('simulations', () => {
  const trace = generateTrace('mixed-loss', 5, 400);

  test('end each request once, and the same way each time', () => {
    for (const policy of SIMULATED_POLICIES) {
      const { latenciesUs, routes } = simulate(trace, policy);
      expect([latenciesUs.length, routes.length]).toEqual([400, 400]);
      expect(latenciesUs.every((latency) => latency > 0)).toBe(true);
      expect(simulate(trace, policy).latenciesUs).toEqual(latenciesUs);
    }
  });

  test('keep large requests out of BPF', () => {
    const { routes } = simulate(trace, 'bpf');
    expect(trace.requests.every(({ bytes }, i) => bytes <= 1344 || routes[i] !== 0)).toBe(true);
  });

  test('are drawn, a line for each policy', () => {
    const svg = plotLatency(trace, [simulate(trace, 'oracle'), simulate(trace, 'learned')]);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).toContain('card lost');
    expect(svg).not.toContain('NaN');
  });
});

test('traces come out as they went in; others are refused', () => {
  const trace = generateTrace('bursty', 3, 100);
  expect(parseTrace(formatTrace(trace))).toEqual(trace);
  for (const line of [
    '{"timeNs":"1","operation":"md5","bytes":1}',
    '{"operation":"sha256","bytes":1}',
    '[1,9,1]',
  ])
    expect(() => parseTrace(`{"trace":"x","seed":1}\n${line}\n`)).toThrow(SyntaxError);
  expect(() => generateTrace('none', 1)).toThrow(RangeError);
});
