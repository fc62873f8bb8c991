import { checkNonce, parseChallenge } from './challenge.js';
import { PowError, throwIfAborted } from './errors.js';
import { type Found, MAX_WORKERS, Pool } from './pool.js';
import { type Progress, ProgressMeter } from './progress.js';
import { cores, nextTask } from './runtime.js';
import { Search } from './search.js';
import { type CreateWorker, workerFactory } from './spawn.js';

/** Work on the calling thread between two turns of the event loop. */
const SLICE_MS = 10;
/** Below this a search is over about as soon as a worker has started. */
const WORKER_DIFFICULTY = 17;
const DEFAULT_WORKERS = 8;
export const DEFAULT_MAX_DIFFICULTY = 32;

export interface SolveOptions {
  /** Ends the search and its workers; `solve` rejects with `ERR_ABORTED`. */
  signal?: AbortSignal;
  /** Called about ten times a second. What it throws ends the search. */
  onProgress?: (progress: Progress) => void;
  /**
   * Threads to search with, 0 to 256; 0 searches on the calling thread, in slices of 10 ms between which
   * the event loop has its turn. Default: one for each core, at most 8, and 0 below difficulty 17.
   */
  workers?: number;
  /** Makes a worker that runs `serveWorker`, for pages whose Content-Security-Policy refuses blob: workers. */
  createWorker?: CreateWorker;
  /** The nonce to begin with, default 0. The same start finds the same nonce on one thread. */
  startNonce?: bigint;
  /** The hardest puzzle to accept, in leading zero bits, default 32: at 2 million hashes/s about 36 minutes. */
  maxDifficulty?: number;
}

export interface Solution extends Found {
  /** Solves the challenge; unsigned, 64 bits. */
  nonce: bigint;
  /** Hashes tried, over all workers: on average 2 to the power of the difficulty. */
  hashes: number;
  /** From the call to the solution. */
  durationMs: number;
}

/**
 * Finds a nonce so that SHA-256(challenge || nonce) begins with the zero bits that the challenge asks for.
 *
 * Workers are Web Workers, or Node's worker_threads, started from text: with a Content-Security-Policy
 * that needs `worker-src blob:`, or a `createWorker` of the page's own. Where no worker can be started
 * the search goes on on the calling thread.
 *
 * @param challenge 32 bytes; copied, the caller may reuse them.
 * @throws PowError `ERR_POW_CHALLENGE` for a malformed or too hard challenge, `ERR_ABORTED`.
 *
 * @example
 * import { solve } from '@cryptbpf/pow/client';
 * const { nonce } = await solve(challenge, { signal: AbortSignal.timeout(30_000) });
 */
export async function solve(challenge: Uint8Array, options: SolveOptions = {}): Promise<Solution> {
  const { difficulty } = parseChallenge(challenge);
  checkDifficulty(difficulty, options.maxDifficulty ?? DEFAULT_MAX_DIFFICULTY);
  const firstNonce = options.startNonce ?? 0n;
  checkNonce(firstNonce);
  const count = workerCount(difficulty, options.workers);
  throwIfAborted(options.signal);
  const started = now();
  const job = { challenge: challenge.slice(), firstNonce };
  const meter = new ProgressMeter(difficulty, options.onProgress);
  const found = count > 0 ? await searchInWorkers(job, count, meter, options) : undefined;
  const { nonce, hashes } = found ?? (await searchHere(job, meter, options.signal));
  return { nonce, hashes, durationMs: now() - started };
}

type Job = { challenge: Uint8Array; firstNonce: bigint };

async function searchInWorkers(
  job: Job,
  count: number,
  meter: ProgressMeter,
  { createWorker, signal }: SolveOptions,
): Promise<Found | undefined> {
  const factory = createWorker ? { create: createWorker, dispose: () => {} } : workerFactory();
  if (!factory) return undefined;
  try {
    return await new Pool(meter, signal).search(factory.create, count, job);
  } finally {
    factory.dispose();
  }
}

async function searchHere(job: Job, meter: ProgressMeter, signal: AbortSignal | undefined): Promise<Found> {
  const search = new Search(job.challenge, job.firstNonce);
  while (!search.runFor(SLICE_MS)) {
    meter.update(search.hashes);
    await nextTask();
    throwIfAborted(signal);
  }
  return { nonce: search.nonce, hashes: search.hashes };
}

function checkDifficulty(difficulty: number, maximum: number): void {
  if (difficulty <= maximum) return;
  throw new PowError(
    'ERR_POW_CHALLENGE',
    `challenge has difficulty ${difficulty}, at most ${maximum} is accepted: raise maxDifficulty to solve it`,
  );
}

function workerCount(difficulty: number, workers: number | undefined): number {
  if (workers === undefined) return difficulty < WORKER_DIFFICULTY ? 0 : Math.min(cores(), DEFAULT_WORKERS);
  if (Number.isInteger(workers) && workers >= 0 && workers <= MAX_WORKERS) return workers;
  throw new RangeError(`workers is ${workers}, expected an integer from 0 to ${MAX_WORKERS}`);
}

/** Milliseconds; of the wall clock in engines that have nothing but the language. */
const now = () => globalThis.performance?.now() ?? Date.now();
