import { type Poll, pollReadable } from './ffi/libc.js';

/**
 * Tells any number of waiters when a file descriptor is readable. The event loop takes a descriptor once: they
 * share one watch, which is there while anybody waits.
 */
export class Readiness {
  readonly #fd: () => number;
  readonly #waiters = new Map<() => void, () => void>();
  #poll: Poll | undefined;

  constructor(fd: () => number) {
    this.#fd = fd;
  }

  /** Calls back again and again while it is readable, until stopped by the result, or close(). */
  subscribe(onReadable: () => void, onClose = () => {}): () => void {
    this.#poll ??= pollReadable(this.#fd(), () => {
      for (const waiter of [...this.#waiters.keys()]) if (this.#waiters.has(waiter)) waiter();
    });
    const waiter = () => onReadable();
    this.#waiters.set(waiter, onClose);
    return () => {
      if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#unwatch();
    };
  }

  /** Once: resolves when it is readable, the signal aborts, or close() was called. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.subscribe(done, done);
      signal?.addEventListener('abort', done);
    });
  }

  /** Stops all. */
  close(): void {
    const closed = [...this.#waiters.values()];
    this.#waiters.clear();
    this.#unwatch();
    for (const onClose of closed) onClose();
  }

  #unwatch(): void {
    this.#poll?.close();
    this.#poll = undefined;
  }
}
