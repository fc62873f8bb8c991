import type { Speed } from './comparison.js';

const ROUNDS = 5;
const ROUND_MS = 40;

/** The best mean of some rounds of calls, each with another number. */
export function timeCalls(by: string, call: (i: number) => void): Speed {
  return { by, ns: Math.min(...Array.from({ length: ROUNDS }, () => timeRound(call))) };
}

function timeRound(call: (i: number) => void): number {
  const start = performance.now();
  let calls = 0;
  while (performance.now() < start + ROUND_MS) call(calls++);
  return ((performance.now() - start) * 1e6) / calls;
}

/** The same of runs that the kernel times itself. */
export function timeRuns(by: string, run: () => number): Speed {
  return { by, ns: Math.min(...Array.from({ length: ROUNDS }, run)) };
}
