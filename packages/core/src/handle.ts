import { closeSync } from 'node:fs';
import { BpfError } from './errors.js';

/*
 * Node 20 before 20.? and older browsers lack these symbols, which `using` and TypeScript's helpers look up.
 */
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for('Symbol.dispose');
(Symbol as { asyncDispose?: symbol }).asyncDispose ??= Symbol.for('Symbol.asyncDispose');

/**
 * Something in the kernel, held by a file descriptor of its own: it stays as long as this handle is open,
 * whatever else is closed, and in whatever order. Closing twice is harmless; use after close throws.
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
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
