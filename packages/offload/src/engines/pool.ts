import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { EngineKeys, Job, Outcome } from '../perform.js';
import type { Engine } from './engine.js';
import type { NumberedJob, NumberedOutcome } from './pool-worker.js';
import { WORKER_SOURCE } from './pool-worker-source.gen.js';

/** Jobs that a worker has at most; others wait here, for whoever is free first. */
const IN_WORKER = 32;

interface Waiting {
  readonly job: NumberedJob;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/** OpenSSL through node:crypto in worker threads. A worker that ends is replaced; its jobs are rejected. */
export class WorkerPool implements Engine {
  readonly name = 'node:crypto workers';
  readonly isSimulated = false;
  readonly #queue: Waiting[] = [];
  readonly #seats: Seat[];
  #last = 0;
  #isClosed = false;

  /** One worker less than there are processors, unless it is said. */
  constructor(workers = Math.max(1, availableParallelism() - 1)) {
    this.#seats = Array.from({ length: workers }, () => new Seat(() => this.#feed()));
  }

  setKeys(keys: EngineKeys): void {
    for (const seat of this.#seats) seat.setKeys(keys);
  }

  perform(job: Job): Promise<Outcome> {
    if (this.#isClosed) return Promise.reject(new Error('the pool of workers is closed'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ job: { ...job, id: ++this.#last }, resolve, reject });
      this.#feed();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the pool of workers is closed'));
    await Promise.all(this.#seats.map((seat) => seat.close()));
  }

  /** Ends a worker, as a crash would. */
  async kill(index = 0): Promise<void> {
    await this.#seats[index]?.kill();
  }

  #feed(): void {
    while (this.#queue.length > 0) {
      const seat = this.#seats.reduce((least, other) => (other.load < least.load ? other : least));
      if (seat.load >= IN_WORKER) return;
      seat.give(this.#queue.splice(0, Math.max(1, Math.ceil(this.#queue.length / this.#seats.length))));
    }
  }
}

/** A worker, and the one that takes its place. */
class Seat {
  readonly #jobs = new Map<number, Waiting>();
  readonly #onFree: () => void;
  #keys: EngineKeys = new Map();
  #worker: Worker;
  #isClosed = false;

  constructor(onFree: () => void) {
    this.#onFree = onFree;
    this.#worker = this.#start();
  }

  get load(): number {
    return this.#jobs.size;
  }

  setKeys(keys: EngineKeys): void {
    this.#keys = keys;
    this.#worker.postMessage({ keys });
  }

  give(waiting: readonly Waiting[]): void {
    for (const entry of waiting) this.#jobs.set(entry.job.id, entry);
    this.#worker.postMessage({ jobs: waiting.map(({ job }) => job) });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.kill();
  }

  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #start(): Worker {
    // Loaders and hooks of the program (execArgv) have no business in the worker and slow its start.
    const worker = new Worker(WORKER_SOURCE, { eval: true, execArgv: [], env: {} });
    worker.on('message', (outcomes: NumberedOutcome[]) => this.#take(outcomes));
    worker.on('error', () => {});
    worker.on('exit', () => this.#replace());
    worker.postMessage({ keys: this.#keys });
    return worker;
  }

  #take(outcomes: readonly NumberedOutcome[]): void {
    for (const { id, ...outcome } of outcomes) {
      this.#jobs.get(id)?.resolve(outcome);
      this.#jobs.delete(id);
    }
    this.#onFree();
  }

  #replace(): void {
    const lost = [...this.#jobs.values()];
    this.#jobs.clear();
    if (!this.#isClosed) this.#worker = this.#start();
    for (const { reject } of lost) reject(new Error('the worker ended'));
    this.#onFree();
  }
}
