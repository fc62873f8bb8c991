import { OPERATIONS, type Operation } from '../client/wire.js';
import { SeededRandom } from './random.js';
import type { CardEvent, Trace, TraceRequest } from './trace.js';

/** What is asked, and how often: microseconds between two requests on average. */
interface Kind {
  readonly meanUs: number;
  /** Requests that come at once on average. */
  readonly burst: number;
  readonly draw: (random: SeededRandom) => Pick<TraceRequest, 'operation' | 'bytes'>;
  /** In parts of the trace. */
  readonly events: readonly (Omit<CardEvent, 'atUs'> & { readonly at: number })[];
}

const small = (random: SeededRandom) => ({
  operation: random.pick<Operation>(['sha256', 'hmac-sha256']),
  bytes: random.between(16, 512),
});
const large = (random: SeededRandom) => ({
  operation: random.pick<Operation>(['sha256', 'aes-256-gcm-seal', 'aes-256-gcm-open']),
  bytes: random.between(4096, 65_000),
});
const mixed = (random: SeededRandom) => {
  const operation = random.pick(OPERATIONS);
  return {
    operation,
    bytes: operation === 'ecdsa-p256-verify' ? random.between(64, 1000) : random.between(16, 65_000),
  };
};

const LOSS = [
  { at: 0.4, card: 'lost' },
  { at: 0.7, card: 'well' },
] as const;
const SLOW = [
  { at: 0.4, card: 'slow', factor: 20 },
  { at: 0.7, card: 'well' },
] as const;

const KINDS: Record<string, Kind> = {
  small: { meanUs: 20, burst: 1, draw: small, events: [] },
  large: { meanUs: 60, burst: 1, draw: large, events: [] },
  mixed: { meanUs: 50, burst: 1, draw: mixed, events: [] },
  bursty: { meanUs: 60, burst: 24, draw: mixed, events: [] },
  'mixed-loss': { meanUs: 50, burst: 1, draw: mixed, events: LOSS },
  'mixed-slow': { meanUs: 50, burst: 1, draw: mixed, events: SLOW },
  'bursty-loss': { meanUs: 60, burst: 24, draw: mixed, events: LOSS },
  'large-slow': { meanUs: 60, burst: 1, draw: large, events: SLOW },
};

export const TRACE_KINDS = Object.keys(KINDS);

/** The same trace for the same arguments. Throws RangeError for a kind that there is not. */
export function generateTrace(kind: string, seed: number, count = 20_000): Trace {
  const found = KINDS[kind];
  if (!found) throw new RangeError(`no kind of trace "${kind}": there are ${TRACE_KINDS.join(', ')}`);
  const random = new SeededRandom(seed);
  const requests: TraceRequest[] = [];
  for (let atUs = 0, left = 0; requests.length < count; left--) {
    if (left <= 0) {
      left = found.burst === 1 ? 1 : 1 + random.below(2 * found.burst - 1);
      atUs += Math.round(random.wait(found.meanUs * found.burst));
    }
    requests.push({ atUs, ...found.draw(random) });
  }
  const endUs = requests.at(-1)!.atUs;
  const events = found.events.map(({ at, ...event }) => ({ atUs: Math.round(at * endUs), ...event }));
  return { trace: kind, seed, events, requests };
}
