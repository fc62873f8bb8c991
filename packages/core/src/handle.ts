import { closeSync } from 'node:fs';
import { BpfError } from './errors.js';

/**
 * Something in the kernel, held by a file descriptor of its own: it stays as long as this handle is open,
 * whatever else is closed, and in whatever order. Closing twice is harmless; use after close throws. A handle
 * that is forgotten without being closed stays open until the process ends.
 */
export abstract class Handle implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** What it is, for messages: "map blocked". */
  abstract get title(): string;

  /** Throws ERR_CLOSED. */
  get fd(): number {
    if (this.#fd < 0) throw new BpfError('ERR_CLOSED', `${this.title} is closed`);
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  close(): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What make makes of fd; when it throws, nobody owns fd, which is closed. */
export function owning<T>(fd: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
