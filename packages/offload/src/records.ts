import { OPERATIONS, type Operation, ROUTES, type Route } from './client/wire.js';
import type { OffloadDecision } from './offload.gen.js';
import { Why } from './policy.js';

/** A line of the decision log: `JSON.stringify` of it is one of NDJSON, and a line of a trace: see parseTrace(). */
export interface DecisionRecord {
  /** On the boot clock, in nanoseconds, as a string of digits. */
  readonly timeNs: string;
  readonly client: number;
  readonly counter: string;
  readonly operation: Operation;
  /** Of the request's data; of one in several packets, up to a packet more. */
  readonly bytes: number;
  /** undefined: none had room. */
  readonly route: Route | undefined;
  /** Bitmap: 1 pinned, 2 explored, 4 switched, 8 stayed, 16/32/64 full, 128/256/512 out, 1024 alone. */
  readonly why: number;
  /** The same in words: 'pinned', 'explored', 'switched', 'stayed', 'full bpf', 'out hardware', 'alone' … */
  readonly reasons: readonly string[];
  /** Packets in the queue of the route before this one. */
  readonly depth: number;
  /** Nanoseconds that each route was expected to take; null where it could not take it. */
  readonly expectedNs: Readonly<Record<Route, number | null>>;
}

export async function* toRecords(events: AsyncIterable<OffloadDecision>): AsyncGenerator<DecisionRecord> {
  for await (const event of events) yield toRecord(event);
}

export function toRecord(event: OffloadDecision): DecisionRecord {
  return {
    timeNs: String(event.timeNs),
    client: event.client,
    counter: String(event.counter),
    operation: OPERATIONS[event.operation] ?? 'sha256',
    bytes: event.bytes,
    route: ROUTES[event.route],
    why: event.why,
    reasons: reasonsOf(event.why),
    depth: event.depth,
    expectedNs: Object.fromEntries(ROUTES.map((route, i) => [route, event.expectedNs[i] || null])) as never,
  };
}

export function reasonsOf(why: number): string[] {
  const plain = (['pinned', 'explored', 'switched', 'stayed', 'alone'] as const).filter(
    (name) => why & Why[name],
  );
  const perRoute = (['full', 'out'] as const).flatMap((name) =>
    ROUTES.filter((_, route) => why & (Why[name] << route)).map((route) => `${name} ${route}`),
  );
  return [...plain, ...perRoute];
}
