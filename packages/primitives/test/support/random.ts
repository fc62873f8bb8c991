import { createCipheriv, createHash } from 'node:crypto';

/** Random numbers from a seed: a test that fails can be run again. */
export class Random {
  readonly #stream;

  constructor(seed: number | string) {
    const key = createHash('sha256').update(String(seed)).digest();
    this.#stream = createCipheriv('chacha20', key, Buffer.alloc(16));
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(this.#stream.update(Buffer.alloc(length)));
  }

  /** From 0 to below the limit, which is at most 2^32. */
  below(limit: number): number {
    return Math.floor((new DataView(this.bytes(4).buffer).getUint32(0) / 2 ** 32) * limit);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}
