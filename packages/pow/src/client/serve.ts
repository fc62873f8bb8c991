import { runtime, workerThreads } from './runtime.js';
import { Search } from './search.js';

/** What a worker is told, once. */
export interface Job {
  challenge: Uint8Array;
  firstNonce: bigint;
}

/** What a worker tells: its hashes so far, and the nonce with the last report. */
export interface Report {
  hashes: number;
  nonce?: bigint;
}

const REPORT_MS = 100;

/**
 * Makes the worker that calls it search for `solve`. Needed only for a worker file of your own, where a
 * Content-Security-Policy refuses blob: workers.
 *
 * @example
 * // pow-worker.js
 * import { serveWorker } from '@cryptbpf/pow/client';
 * serveWorker();
 * // elsewhere
 * const createWorker = () => new Worker(new URL('./pow-worker.js', import.meta.url), { type: 'module' });
 * await solve(challenge, { createWorker });
 *
 * @throws Error when it is not called in a worker.
 */
export function serveWorker(): void {
  const { postMessage, addEventListener } = runtime;
  const parent = workerThreads()?.parentPort;
  if (parent) parent.once('message', (job) => search(job as Job, (report) => parent.postMessage(report)));
  else if (postMessage && addEventListener && !('document' in globalThis)) {
    addEventListener('message', ({ data }) => search(data as Job, (report) => postMessage(report)));
  } else throw new Error('serveWorker was called outside of a worker');
}

/** Runs to the end without a break: a search that is not wanted any more ends with its worker. */
function search({ challenge, firstNonce }: Job, report: (report: Report) => void): void {
  const search = new Search(challenge, firstNonce);
  report({ hashes: 0 });
  while (!search.runFor(REPORT_MS)) report({ hashes: search.hashes });
  report({ hashes: search.hashes, nonce: search.nonce });
}
