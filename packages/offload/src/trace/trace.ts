import { OPERATIONS, type Operation } from '../client/wire.js';

/*
 * A trace: what was asked, when, and what became of the card meanwhile. One JSON object a line, as the decision log
 * writes them: a request is { timeNs, operation, bytes }, whatever else is in it; an event is { timeNs, card }. A trace
 * that was made begins with a head, { trace, seed }, and its times begin at 0; a log's begin with its first line.
 */

/** The card is gone, and says so ('lost'), answers later by a factor ('slow'), or is as it was ('well'). */
export interface CardEvent {
  readonly atUs: number;
  readonly card: 'lost' | 'slow' | 'well';
  readonly factor?: number;
}

export interface TraceHead {
  readonly trace: string;
  /** Of the noise in simulations. */
  readonly seed: number;
  readonly events: readonly CardEvent[];
}

export interface TraceRequest {
  readonly atUs: number;
  readonly operation: Operation;
  readonly bytes: number;
}

export interface Trace extends TraceHead {
  readonly requests: readonly TraceRequest[];
}

interface Line {
  readonly timeNs?: string;
  readonly trace?: string;
  readonly seed?: number;
  readonly operation?: Operation;
  readonly bytes?: number;
  readonly card?: CardEvent['card'];
  readonly factor?: number;
}

const CARDS = ['lost', 'slow', 'well'];

/** What parseTrace() reads. */
export function formatTrace({ trace, seed, events, requests }: Trace): string {
  const lines = [...events, ...requests]
    .sort((a, b) => a.atUs - b.atUs)
    .map(({ atUs, ...line }) => ({ timeNs: String(Math.round(atUs * 1000)), ...line }));
  return `${[{ trace, seed }, ...lines].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** Of formatTrace(), or of lines that decisions() gave. Throws SyntaxError for what is no trace. */
export function parseTrace(text: string): Trace {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line, i) => [i + 1, JSON.parse(line) as Line] as const);
  const { trace = 'log', seed = 1 } = lines[0]![1];
  const isMade = lines[0]![1].trace !== undefined;
  const timed = (isMade ? lines.slice(1) : lines)
    .map(([number, line]) => ({ ...line, ns: timeOf(number, line) }))
    .sort((a, b) => Number(a.ns - b.ns));
  const beginNs = isMade ? 0n : timed[0]!.ns;
  const all = timed.map(({ ns, ...line }) => ({ ...line, atUs: Number(ns - beginNs) / 1000 }));
  const events = all.filter(({ card }) => card !== undefined).map(toEvent);
  return { trace, seed, events, requests: all.filter(({ card }) => card === undefined).map(toRequest) };
}

type TimedLine = Line & { readonly atUs: number };

function toEvent({ atUs, card, factor }: TimedLine): CardEvent {
  return factor === undefined ? { atUs, card: card! } : { atUs, card: card!, factor };
}

function toRequest({ atUs, operation, bytes }: TimedLine): TraceRequest {
  return { atUs, operation: operation!, bytes: bytes! };
}

/** Throws SyntaxError for a line that is neither a request nor an event. */
function timeOf(number: number, { timeNs, operation, bytes, card }: Line): bigint {
  const isEvent = card !== undefined && CARDS.includes(card);
  const isRequest = operation !== undefined && OPERATIONS.includes(operation) && Number(bytes) >= 0;
  if (!/^\d+$/.test(String(timeNs)) || isEvent === isRequest)
    throw new SyntaxError(`line ${number} is neither a request nor an event of the card`);
  return BigInt(timeNs!);
}
