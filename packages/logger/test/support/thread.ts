import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { AuditLogger } from '../../src/logger.js';
import { OBJECT } from './producer.js';

const SCRIPT = new URL('producer.mjs', import.meta.url);

/** A thread that seals records into a logger's log, so many a second. */
export class ProducerThread implements Disposable {
  readonly #pins: string;
  readonly #worker: Worker;
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  readonly #failed: Promise<never>;

  constructor(logger: AuditLogger, perSecond: number) {
    this.#pins = `/sys/fs/bpf/cryptbpf-logger-${process.pid}`;
    const paths = Object.entries(logger.maps).map(([name, map]) => {
      map.pin(`${this.#pins}/${name}`);
      return [name, `${this.#pins}/${name}`];
    });
    const workerData = {
      object: OBJECT.href,
      reuse: Object.fromEntries(paths),
      perSecond,
      shared: this.#stopped.buffer,
    };
    this.#worker = new Worker(SCRIPT, { workerData, trackUnmanagedFds: false });
    this.#failed = once(this.#worker, 'error').then(([error]) => Promise.reject(error));
    this.#failed.catch(() => {}); // whoever waits is told
  }

  /** Waits for something else, unless the thread fails. */
  async during<T>(other: Promise<T>): Promise<T> {
    return await Promise.race([other, this.#failed]);
  }

  /** Ends it. Resolves to how many records it has made. */
  async stop(): Promise<number> {
    const message = once(this.#worker, 'message');
    Atomics.store(this.#stopped, 0, 1);
    Atomics.notify(this.#stopped, 0);
    const [produced] = await this.during(message);
    return produced as number;
  }

  [Symbol.dispose](): void {
    rmSync(this.#pins, { recursive: true, force: true });
  }
}
