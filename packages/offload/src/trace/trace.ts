import { OPERATIONS, type Operation } from '../client/wire.js';

/*
 * A trace: what was asked, when, and what became of the card meanwhile. One JSON value a line: first the head, then a
 * request each as [microseconds since the one before, operation's number, bytes].
 */

/** The card is gone, and says so ('lost'), answers later by a factor ('slow'), or is as it was ('well'). */
export interface CardEvent {
  readonly atUs: number;
  readonly card: 'lost' | 'slow' | 'well';
  readonly factor?: number;
}

export interface TraceHead {
  readonly trace: string;
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

export function formatTrace({ requests, ...head }: Trace): string {
  let last = 0;
  const lines = requests.map(({ atUs, operation, bytes }) => {
    const line = JSON.stringify([atUs - last, OPERATIONS.indexOf(operation), bytes]);
    last = atUs;
    return line;
  });
  return `${[JSON.stringify(head), ...lines].join('\n')}\n`;
}

/** Throws SyntaxError for what is no trace. */
export function parseTrace(text: string): Trace {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  const head = JSON.parse(first) as TraceHead;
  let atUs = 0;
  const requests = lines.map((line, i) => {
    const [sinceUs, number, bytes] = JSON.parse(line) as [number, number, number];
    const operation = OPERATIONS[number];
    if (!operation || !(sinceUs >= 0) || !(bytes >= 0)) throw new SyntaxError(`line ${i + 2} is no request`);
    atUs += sinceUs;
    return { atUs, operation, bytes };
  });
  return { ...head, requests };
}
