import type { Header } from './wire.js';

/** Which records files have already: a logger that died may have written what it had not yet taken off the ring. */
export class Written {
  /** The newest sequence of each stream and epoch. */
  readonly #newest = new Map<string, number>();

  add(header: Header): void {
    this.#newest.set(keyOf(header), header.sequence);
  }

  has(header: Header): boolean {
    return header.sequence <= (this.#newest.get(keyOf(header)) ?? -1);
  }
}

function keyOf({ epoch, cpu, level }: Header): string {
  return `${epoch}.${cpu}.${level}`;
}
