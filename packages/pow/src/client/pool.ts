import { failures } from './errors.js';
import type { ProgressMeter } from './progress.js';
import { runtime, type SolverWorker } from './runtime.js';
import type { Job, Report } from './serve.js';
import { type CreateWorker, listen } from './spawn.js';

/** Each worker searches its own 256th of the nonces, more than it will ever try. */
const RANGE_BITS = 56n;
export const MAX_WORKERS = 256;
/** Workers that have said nothing by then never will. */
const START_MS = 5000;

export interface Found {
  nonce: bigint;
  hashes: number;
}

/** Searches in `count` workers until one finds a nonce. Every worker is ended before the promise settles. */
export class Pool {
  readonly #workers = new Set<SolverWorker>();
  readonly #broken = new Set<SolverWorker>();
  readonly #hashes: number[] = [];
  readonly #meter: ProgressMeter;
  readonly #signal: AbortSignal | undefined;
  readonly #result: Promise<Found | undefined>;
  #resolve!: (found: Found | undefined) => void;
  #reject!: (error: unknown) => void;
  #heard = false;

  constructor(meter: ProgressMeter, signal: AbortSignal | undefined) {
    this.#meter = meter;
    this.#signal = signal;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Resolves to undefined when no worker could be started, or all of them broke. */
  async search(create: CreateWorker, count: number, job: Job): Promise<Found | undefined> {
    const timer = runtime.setTimeout?.(() => this.#heard || this.#resolve(undefined), START_MS);
    const onAbort = () => this.#reject(failures.aborted(this.#signal!));
    this.#signal?.addEventListener('abort', onAbort);
    try {
      for (let i = 0; i < count; i++) this.#start(create, i, job);
      this.#resolveIfNoneIsLeft();
      return await this.#result;
    } finally {
      runtime.clearTimeout?.(timer);
      this.#signal?.removeEventListener('abort', onAbort);
      await Promise.all([...this.#workers].map((worker) => worker.terminate()));
    }
  }

  #start(create: CreateWorker, index: number, { challenge, firstNonce }: Job): void {
    const worker = attempt(create);
    if (!worker) return;
    this.#workers.add(worker);
    listen(
      worker,
      (data) => this.#report(index, data as Report),
      () => this.#giveUp(worker),
    );
    const first = BigInt.asUintN(64, firstNonce + (BigInt(index) << RANGE_BITS));
    worker.postMessage({ challenge, firstNonce: first } satisfies Job);
  }

  #report(index: number, { hashes, nonce }: Report): void {
    this.#heard = true;
    this.#hashes[index] = hashes;
    const total = this.#hashes.reduce((sum, count) => sum + count, 0);
    try {
      if (nonce === undefined) this.#meter.update(total);
      else this.#resolve({ nonce, hashes: total });
    } catch (error) {
      this.#reject(error);
    }
  }

  #giveUp(worker: SolverWorker): void {
    this.#broken.add(worker);
    this.#resolveIfNoneIsLeft();
  }

  #resolveIfNoneIsLeft(): void {
    if (this.#broken.size === this.#workers.size) this.#resolve(undefined);
  }
}

function attempt(create: CreateWorker): SolverWorker | undefined {
  try {
    return create();
  } catch {
    // A policy (Content-Security-Policy, --permission) forbids workers: the caller goes on without.
    return undefined;
  }
}
