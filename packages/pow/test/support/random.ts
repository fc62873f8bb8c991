/** A generator whose sequence its seed decides (xorshift128, Marsaglia 2003). */
export class Random {
  #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, 0x9e3779b9, 0x243f6a88, 0xb7e15162);
    for (let i = 0; i < 16; i++) this.uint32();
  }

  uint32(): number {
    const s = this.#state;
    const t = s[3]! ^ (s[3]! << 11);
    s[3] = s[2]!;
    s[2] = s[1]!;
    s[1] = s[0]!;
    s[0] = s[0]! ^ (s[0]! >>> 19) ^ t ^ (t >>> 8);
    return s[0]!;
  }

  /** From 0 to below - 1. */
  below(below: number): number {
    return this.uint32() % below;
  }

  /** One time in n. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32());
  }

  uint64(): bigint {
    return (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
  }
}
