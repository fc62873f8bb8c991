import { LogWire } from './records.gen.js';

/*
 * Opening of ChaCha20-Poly1305 (RFC 8439), the twin of bpf/lib/chacha20poly1305.h, for readers. node:crypto makes several
 * objects for each record, which take ten times as long as a record of 128 bytes itself; a log has millions of them.
 * Nothing is sealed here, and no secret of a host that logs comes here. The tests compare it with node:crypto and Wycheproof.
 */

const TAG_BYTES = LogWire.LOG_TAG_BYTES;
const BLOCK = 16;
const CHACHA_BLOCK = 64;
/** More than a header and what it can announce. */
const ROOM = 4 * 0x10000;
const CHACHA_WORDS = 16;
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const COUNTER = 12;

/** Poly1305's numbers are six limbs of 22 bits, in doubles: sums of products stay below 2^53. */
const LIMB = 2 ** 22;
const LIMB_MASK = LIMB - 1;
/** 2^132, which is a seventh limb, modulo 2^130 - 5. */
const WRAP = 20;

function quarter(x: Int32Array, i: number, j: number, k: number, l: number): void {
  let a = x[i]!;
  let b = x[j]!;
  let c = x[k]!;
  let d = x[l]!;
  a = (a + b) | 0;
  d ^= a;
  d = (d << 16) | (d >>> 16);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 12) | (b >>> 20);
  a = (a + b) | 0;
  d ^= a;
  d = (d << 8) | (d >>> 24);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 7) | (b >>> 25);
  x[i] = a;
  x[j] = b;
  x[k] = c;
  x[l] = d;
}

/** 128 bits, and more that lies above them, as limbs. */
function toLimbs(limbs: Float64Array, words: Uint32Array, at: number, above: number): void {
  const [t0, t1, t2, t3] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
  limbs[0] = t0 & LIMB_MASK;
  limbs[1] = ((t0 >>> 22) | (t1 << 10)) & LIMB_MASK;
  limbs[2] = ((t1 >>> 12) | (t2 << 20)) & LIMB_MASK;
  limbs[3] = (t2 >>> 2) & LIMB_MASK;
  limbs[4] = ((t2 >>> 24) | (t3 << 8)) & LIMB_MASK;
  limbs[5] = (t3 >>> 14) + above;
}

/** Adds what is over 22 bits to the next limb; what is over 132, wrapped, to the first. */
function carry(limbs: Float64Array): void {
  let over = 0;
  for (let i = 0; i < 6; i++) {
    const sum = limbs[i]! + over;
    over = Math.floor(sum / LIMB);
    limbs[i] = sum - over * LIMB;
  }
  limbs[0]! += over * WRAP;
}

/** Opens records of one thread. */
export class RecordOpener {
  readonly #state = new Int32Array(CHACHA_WORDS);
  readonly #x = new Int32Array(CHACHA_WORDS);
  readonly #key = new Uint32Array(8);
  readonly #h = new Float64Array(6);
  readonly #r = new Float64Array(6);
  readonly #m = new Float64Array(6);
  /** Additional data, text and lengths, each in whole blocks, as they are authenticated. */
  readonly #words = new Uint32Array(ROOM / 4);
  readonly #bytes = Buffer.from(this.#words.buffer);
  readonly #stream = new Uint32Array(CHACHA_WORDS);

  /** The text; undefined: the tag is not of this record. nonce: 12 bytes; sealed: at most 65535 bytes, with its tag. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Buffer, sealed: Buffer): Buffer | undefined {
    const length = sealed.length - TAG_BYTES;
    if (length < 0 || length + aad.length > ROOM / 2) return undefined;
    this.#start(key, nonce);
    const textAt = padded(aad.length);
    const end = textAt + padded(length);
    this.#put(aad, 0, aad.length, textAt);
    this.#put(sealed, textAt, length, end);
    this.#words.fill(0, end / 4, end / 4 + 4);
    this.#words[end / 4] = aad.length;
    this.#words[end / 4 + 2] = length;
    if (!this.#isTag(end + BLOCK, sealed, length)) return undefined;
    this.#decrypt(textAt / 4, length);
    const text = Buffer.allocUnsafe(length);
    this.#bytes.copy(text, 0, textAt, textAt + length);
    return text;
  }

  /** The first bytes of from, and zeros up to end. */
  #put(from: Buffer, at: number, length: number, end: number): void {
    from.copy(this.#bytes, at, 0, length);
    for (let i = at + length; i < end; i++) this.#bytes[i] = 0;
  }

  #start(key: Uint8Array, nonce: Uint8Array): void {
    const state = this.#state;
    for (let i = 0; i < 4; i++) state[i] = CONSTANTS[i]!;
    for (let i = 0; i < 8; i++) state[4 + i] = word(key, 4 * i);
    state[COUNTER] = 0;
    for (let i = 0; i < 3; i++) state[COUNTER + 1 + i] = word(nonce, 4 * i);
  }

  /** The next block of the stream. */
  #block(): void {
    const [x, state, stream] = [this.#x, this.#state, this.#stream];
    x.set(state);
    for (let i = 0; i < 10; i++) {
      quarter(x, 0, 4, 8, 12);
      quarter(x, 1, 5, 9, 13);
      quarter(x, 2, 6, 10, 14);
      quarter(x, 3, 7, 11, 15);
      quarter(x, 0, 5, 10, 15);
      quarter(x, 1, 6, 11, 12);
      quarter(x, 2, 7, 8, 13);
      quarter(x, 3, 4, 9, 14);
    }
    for (let i = 0; i < CHACHA_WORDS; i++) stream[i] = x[i]! + state[i]!;
    state[COUNTER]!++;
  }

  /** Poly1305 of so many bytes, a multiple of 16, under the first block of the stream. */
  #isTag(bytes: number, sealed: Uint8Array, at: number): boolean {
    this.#block();
    this.#key.set(this.#stream.subarray(0, 8));
    const key = this.#key;
    key[0]! &= 0x0fffffff;
    for (let i = 1; i < 4; i++) key[i]! &= 0x0ffffffc;
    toLimbs(this.#r, key, 0, 0);
    this.#h.fill(0);
    for (let i = 0; i < bytes; i += BLOCK) this.#absorb(i / 4);
    return this.#differs(sealed, at) === 0;
  }

  /** h = (h + block + 2^128) * r */
  #absorb(at: number): void {
    const [h, m, r] = [this.#h, this.#m, this.#r];
    toLimbs(m, this.#words, at, 1 << 18);
    const a0 = h[0]! + m[0]!;
    const a1 = h[1]! + m[1]!;
    const a2 = h[2]! + m[2]!;
    const a3 = h[3]! + m[3]!;
    const a4 = h[4]! + m[4]!;
    const a5 = h[5]! + m[5]!;
    const [r0, r1, r2, r3, r4, r5] = [r[0]!, r[1]!, r[2]!, r[3]!, r[4]!, r[5]!];
    h[0] = a0 * r0 + WRAP * (a1 * r5 + a2 * r4 + a3 * r3 + a4 * r2 + a5 * r1);
    h[1] = a0 * r1 + a1 * r0 + WRAP * (a2 * r5 + a3 * r4 + a4 * r3 + a5 * r2);
    h[2] = a0 * r2 + a1 * r1 + a2 * r0 + WRAP * (a3 * r5 + a4 * r4 + a5 * r3);
    h[3] = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + WRAP * (a4 * r5 + a5 * r4);
    h[4] = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0 + WRAP * a5 * r5;
    h[5] = a0 * r5 + a1 * r4 + a2 * r3 + a3 * r2 + a4 * r1 + a5 * r0;
    carry(h);
  }

  /** Of (h mod 2^130 - 5) + s and the tag. */
  #differs(sealed: Uint8Array, at: number): number {
    const words = toWords(reduced(this.#h));
    let over = 0;
    let difference = 0;
    for (let i = 0; i < 4; i++) {
      const sum = words[i]! + this.#key[4 + i]! + over;
      over = sum > 0xffff_ffff ? 1 : 0;
      difference |= (sum | 0) ^ word(sealed, at + 4 * i);
    }
    return difference;
  }

  #decrypt(at: number, length: number): void {
    for (let done = 0; done < length; done += CHACHA_BLOCK) {
      this.#block();
      const from = at + done / 4;
      for (let i = 0; i < CHACHA_WORDS; i++) this.#words[from + i]! ^= this.#stream[i]!;
    }
  }
}

/** The smallest number that is the same modulo 2^130 - 5. */
function reduced(h: Float64Array): Float64Array {
  const top = 1 << 20; // 2^130, in the last limb
  for (let i = 0; i < 2; i++) {
    carry(h);
    const over = Math.floor(h[5]! / top);
    h[5]! -= over * top;
    h[0]! += 5 * over;
  }
  carry(h);
  const less = h.slice();
  less[0]! += 5;
  carry(less);
  less[5]! -= top;
  return less[5]! >= 0 ? less : h;
}

/** The low 128 bits. */
function toWords(limbs: Float64Array): number[] {
  const [l0, l1, l2, l3, l4, l5] = limbs as unknown as [number, number, number, number, number, number];
  const words = [
    l0 | (l1 << 22),
    (l1 >>> 10) | (l2 << 12),
    (l2 >>> 20) | (l3 << 2) | (l4 << 24),
    (l4 >>> 8) | (l5 << 14),
  ];
  return words.map((value) => value >>> 0);
}

function padded(length: number): number {
  return (length + BLOCK - 1) & -BLOCK;
}

/** Little endian. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
