/** Chunks from first on, before end. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** Which of the numbers from 0 on have come. */
export class Came {
  readonly bits: Uint8Array<ArrayBuffer>;
  readonly count: number;
  #missing: number;

  constructor(count: number, bits = new Uint8Array(Math.ceil(count / 8))) {
    this.count = count;
    this.bits = bits;
    this.#missing = count;
    for (let i = 0; i < count; i++) if (this.has(i)) this.#missing--;
  }

  get missing(): number {
    return this.#missing;
  }

  has(index: number): boolean {
    return ((this.bits[index >>> 3]! >>> (index & 7)) & 1) === 1;
  }

  /** False: it has come before. */
  add(index: number): boolean {
    if (this.has(index)) return false;
    this.bits[index >>> 3]! |= 1 << (index & 7);
    this.#missing--;
    return true;
  }

  /** What has not, in order; no more than limit ranges. */
  ranges(limit: number): Range[] {
    const found: Range[] = [];
    for (let index = 0; found.length < limit; ) {
      const first = this.#next(index, false);
      if (first === this.count) return found;
      index = this.#next(first, true);
      found.push({ first, end: index });
    }
    return found;
  }

  /** The first one from index on that has come, or has not. */
  #next(index: number, came: boolean): number {
    const whole = came ? 0 : 0xff;
    while (index < this.count && this.has(index) !== came) {
      index += (index & 7) === 0 && this.bits[index >>> 3] === whole ? 8 : 1;
    }
    return Math.min(index, this.count);
  }
}
