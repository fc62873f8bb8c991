/*
 * SipHash-2-4 with 128 bits of output (Aumasson and Bernstein; the reference implementation's variant). A word of 64
 * bits is two of 32: BigInt would take 30 times as long.
 */

/** The constants of the paper, low half first, v1 with the 0xee that 128 bits of output ask for. */
const INITIAL = Int32Array.of(
  ...[0x70736575, 0x736f6d65, 0x6e646f6d ^ 0xee, 0x646f7261],
  ...[0x6e657261, 0x6c796765, 0x79746573, 0x74656462],
);

export const TAG_LENGTH = 16;

/** Tags under one key of 16 bytes. */
export class SipHash128 {
  readonly #start = new Int32Array(8);
  readonly #state = new Int32Array(8);

  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    for (let i = 0; i < 8; i++) this.#start[i] = INITIAL[i]! ^ view.getInt32((i % 4) * 4, true);
  }

  /** Writes the tag over the first `length` bytes of `bytes` right behind them. */
  append(bytes: Uint8Array, length: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const v = this.#state;
    v.set(this.#start);
    const end = length & ~7;
    for (let at = 0; at < end; at += 8) block(v, view.getInt32(at, true), view.getInt32(at + 4, true));
    lastBlock(v, bytes, end, length);
    v[4]! ^= 0xee;
    rounds(v, 4);
    putFold(v, view, length);
    v[2]! ^= 0xdd;
    rounds(v, 4);
    putFold(v, view, length + 8);
  }

  /** Forgets the key. */
  wipe(): void {
    this.#start.fill(0);
    this.#state.fill(0);
  }
}

function block(v: Int32Array, low: number, high: number): void {
  v[6]! ^= low;
  v[7]! ^= high;
  rounds(v, 2);
  v[0]! ^= low;
  v[1]! ^= high;
}

/** What is left over, and in the highest byte the length modulo 256. */
function lastBlock(v: Int32Array, bytes: Uint8Array, end: number, length: number): void {
  let low = 0;
  let high = length << 24;
  for (let i = end; i < length; i++) {
    const byte = bytes[i]!;
    if (i - end < 4) low |= byte << (8 * (i - end));
    else high |= byte << (8 * (i - end - 4));
  }
  block(v, low, high);
}

function putFold(v: Int32Array, view: DataView, at: number): void {
  view.setInt32(at, v[0]! ^ v[2]! ^ v[4]! ^ v[6]!, true);
  view.setInt32(at + 4, v[1]! ^ v[3]! ^ v[5]! ^ v[7]!, true);
}

/** The rounds of figure 2.1, with the state in registers: l and h are the halves of v0 to v3. */
function rounds(v: Int32Array, count: number): void {
  let [l0, h0] = [v[0]!, v[1]!];
  let [l1, h1] = [v[2]!, v[3]!];
  let [l2, h2] = [v[4]!, v[5]!];
  let [l3, h3] = [v[6]!, v[7]!];
  for (let i = 0, sum = 0, t = 0; i < count; i++) {
    sum = (l0 >>> 0) + (l1 >>> 0);
    h0 = (h0 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l0 = sum | 0;
    t = (l1 << 13) | (h1 >>> 19);
    h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
    l1 = t ^ l0;
    t = l0;
    l0 = h0;
    h0 = t;

    sum = (l2 >>> 0) + (l3 >>> 0);
    h2 = (h2 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l2 = sum | 0;
    t = (l3 << 16) | (h3 >>> 16);
    h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
    l3 = t ^ l2;

    sum = (l0 >>> 0) + (l3 >>> 0);
    h0 = (h0 + h3 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l0 = sum | 0;
    t = (l3 << 21) | (h3 >>> 11);
    h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
    l3 = t ^ l0;

    sum = (l2 >>> 0) + (l1 >>> 0);
    h2 = (h2 + h1 + (sum > 0xffffffff ? 1 : 0)) | 0;
    l2 = sum | 0;
    t = (l1 << 17) | (h1 >>> 15);
    h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
    l1 = t ^ l2;
    t = l2;
    l2 = h2;
    h2 = t;
  }
  v[0] = l0;
  v[1] = h0;
  v[2] = l1;
  v[3] = h1;
  v[4] = l2;
  v[5] = h2;
  v[6] = l3;
  v[7] = h3;
}
