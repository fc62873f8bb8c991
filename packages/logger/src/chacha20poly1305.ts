import { LogWire } from './records.gen.js';

/*
 * Opening of ChaCha20-Poly1305 (RFC 8439), the twin of bpf/lib/chacha20poly1305.h, for readers. node:crypto makes several
 * objects for each record, which take ten times as long as a record of 128 bytes itself; a log has millions of them.
 * Nothing is sealed here, and no secret of a host that logs comes here. The tests compare it with node:crypto and Wycheproof.
 */

const TAG_BYTES = LogWire.LOG_TAG_BYTES;
const BLOCK = 16;
const CHACHA_BLOCK = 64;
const CHACHA_WORDS = 16;
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const COUNTER = 12;
/** Texts are put one behind the other into pieces of memory of this size. */
const SLAB_BYTES = 1 << 17;

/** Poly1305's numbers are six limbs of 22 bits, in doubles: sums of products stay below 2^53. */
const LIMB = 2 ** 22;
const PER_LIMB = 2 ** -22;
const LIMB_MASK = LIMB - 1;
/** 2^132, which is a seventh limb, modulo 2^130 - 5. */
const WRAP = 20;
/** 2^128, which each block of 16 bytes begins with, in the last limb. */
const BLOCK_BIT = 1 << 18;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Of ChaCha20: adds the block of state s to 16 words from at on. Unrolled: its 16 words stay in registers. */
function chacha20(s: Int32Array, out: Int32Array, at: number): void {
  let x0 = s[0]!;
  let x1 = s[1]!;
  let x2 = s[2]!;
  let x3 = s[3]!;
  let x4 = s[4]!;
  let x5 = s[5]!;
  let x6 = s[6]!;
  let x7 = s[7]!;
  let x8 = s[8]!;
  let x9 = s[9]!;
  let x10 = s[10]!;
  let x11 = s[11]!;
  let x12 = s[12]!;
  let x13 = s[13]!;
  let x14 = s[14]!;
  let x15 = s[15]!;
  for (let round = 0; round < 20; round += 2) {
    x0 = (x0 + x4) | 0;
    x12 = rotate(x12 ^ x0, 16);
    x8 = (x8 + x12) | 0;
    x4 = rotate(x4 ^ x8, 12);
    x0 = (x0 + x4) | 0;
    x12 = rotate(x12 ^ x0, 8);
    x8 = (x8 + x12) | 0;
    x4 = rotate(x4 ^ x8, 7);
    x1 = (x1 + x5) | 0;
    x13 = rotate(x13 ^ x1, 16);
    x9 = (x9 + x13) | 0;
    x5 = rotate(x5 ^ x9, 12);
    x1 = (x1 + x5) | 0;
    x13 = rotate(x13 ^ x1, 8);
    x9 = (x9 + x13) | 0;
    x5 = rotate(x5 ^ x9, 7);
    x2 = (x2 + x6) | 0;
    x14 = rotate(x14 ^ x2, 16);
    x10 = (x10 + x14) | 0;
    x6 = rotate(x6 ^ x10, 12);
    x2 = (x2 + x6) | 0;
    x14 = rotate(x14 ^ x2, 8);
    x10 = (x10 + x14) | 0;
    x6 = rotate(x6 ^ x10, 7);
    x3 = (x3 + x7) | 0;
    x15 = rotate(x15 ^ x3, 16);
    x11 = (x11 + x15) | 0;
    x7 = rotate(x7 ^ x11, 12);
    x3 = (x3 + x7) | 0;
    x15 = rotate(x15 ^ x3, 8);
    x11 = (x11 + x15) | 0;
    x7 = rotate(x7 ^ x11, 7);
    x0 = (x0 + x5) | 0;
    x15 = rotate(x15 ^ x0, 16);
    x10 = (x10 + x15) | 0;
    x5 = rotate(x5 ^ x10, 12);
    x0 = (x0 + x5) | 0;
    x15 = rotate(x15 ^ x0, 8);
    x10 = (x10 + x15) | 0;
    x5 = rotate(x5 ^ x10, 7);
    x1 = (x1 + x6) | 0;
    x12 = rotate(x12 ^ x1, 16);
    x11 = (x11 + x12) | 0;
    x6 = rotate(x6 ^ x11, 12);
    x1 = (x1 + x6) | 0;
    x12 = rotate(x12 ^ x1, 8);
    x11 = (x11 + x12) | 0;
    x6 = rotate(x6 ^ x11, 7);
    x2 = (x2 + x7) | 0;
    x13 = rotate(x13 ^ x2, 16);
    x8 = (x8 + x13) | 0;
    x7 = rotate(x7 ^ x8, 12);
    x2 = (x2 + x7) | 0;
    x13 = rotate(x13 ^ x2, 8);
    x8 = (x8 + x13) | 0;
    x7 = rotate(x7 ^ x8, 7);
    x3 = (x3 + x4) | 0;
    x14 = rotate(x14 ^ x3, 16);
    x9 = (x9 + x14) | 0;
    x4 = rotate(x4 ^ x9, 12);
    x3 = (x3 + x4) | 0;
    x14 = rotate(x14 ^ x3, 8);
    x9 = (x9 + x14) | 0;
    x4 = rotate(x4 ^ x9, 7);
  }
  out[at]! ^= (x0 + s[0]!) | 0;
  out[at + 1]! ^= (x1 + s[1]!) | 0;
  out[at + 2]! ^= (x2 + s[2]!) | 0;
  out[at + 3]! ^= (x3 + s[3]!) | 0;
  out[at + 4]! ^= (x4 + s[4]!) | 0;
  out[at + 5]! ^= (x5 + s[5]!) | 0;
  out[at + 6]! ^= (x6 + s[6]!) | 0;
  out[at + 7]! ^= (x7 + s[7]!) | 0;
  out[at + 8]! ^= (x8 + s[8]!) | 0;
  out[at + 9]! ^= (x9 + s[9]!) | 0;
  out[at + 10]! ^= (x10 + s[10]!) | 0;
  out[at + 11]! ^= (x11 + s[11]!) | 0;
  out[at + 12]! ^= (x12 + s[12]!) | 0;
  out[at + 13]! ^= (x13 + s[13]!) | 0;
  out[at + 14]! ^= (x14 + s[14]!) | 0;
  out[at + 15]! ^= (x15 + s[15]!) | 0;
}

/** Opens records of one thread. */
export class RecordOpener {
  readonly #state = new Int32Array(CHACHA_WORDS);
  readonly #stream = new Int32Array(CHACHA_WORDS);
  readonly #h = new Float64Array(6);
  readonly #r = new Float64Array(6);
  readonly #sums = new Uint32Array(4);
  readonly #last = new Uint8Array(BLOCK);
  #words = new Int32Array(0);
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;

  /**
   * The text; undefined: the tag is not of this record. frame: so many bytes of additional data, what is sealed, and its
   * tag. nonce: 12 bytes.
   */
  open(key: Uint8Array, nonce: Uint8Array, frame: Uint8Array, aad: number): Buffer | undefined {
    const end = frame.length - TAG_BYTES;
    if (end < aad) return undefined;
    this.#start(key, nonce);
    this.#absorb(frame, 0, aad);
    this.#absorb(frame, aad, end);
    this.#absorbLengths(aad, end - aad);
    return this.#differs(frame, end) === 0 ? this.#decrypt(frame, aad, end) : undefined;
  }

  /** The first block of the stream is the key of Poly1305. */
  #start(key: Uint8Array, nonce: Uint8Array): void {
    const [state, stream] = [this.#state, this.#stream];
    for (let i = 0; i < 4; i++) state[i] = CONSTANTS[i]!;
    for (let i = 0; i < 8; i++) state[4 + i] = word(key, 4 * i);
    state[COUNTER] = 0;
    for (let i = 0; i < 3; i++) state[COUNTER + 1 + i] = word(nonce, 4 * i);
    stream.fill(0);
    chacha20(state, stream, 0);
    const [k0, k1, k2, k3] = [stream[0]!, stream[1]!, stream[2]!, stream[3]!];
    toLimbs(this.#r, k0 & 0x0fffffff, k1 & 0x0ffffffc, k2 & 0x0ffffffc, k3 & 0x0ffffffc);
    this.#h.fill(0);
  }

  /** Whole blocks, and a last one with zeros behind it. */
  #absorb(bytes: Uint8Array, from: number, to: number): void {
    const whole = from + ((to - from) & -BLOCK);
    absorbBlocks(this.#h, this.#r, bytes, from, whole);
    if (whole === to) return;
    this.#last.fill(0);
    for (let i = whole; i < to; i++) this.#last[i - whole] = bytes[i]!;
    absorbBlocks(this.#h, this.#r, this.#last, 0, BLOCK);
  }

  #absorbLengths(aad: number, text: number): void {
    const last = this.#last;
    last.fill(0);
    for (let i = 0; i < 3; i++) {
      last[i] = aad >>> (8 * i);
      last[8 + i] = text >>> (8 * i);
    }
    absorbBlocks(this.#h, this.#r, last, 0, BLOCK);
  }

  /** Of (h mod 2^130 - 5) + s and the tag. */
  #differs(frame: Uint8Array, at: number): number {
    const sums = this.#sums;
    toWords(reduced(this.#h), sums);
    let over = 0;
    let difference = 0;
    for (let i = 0; i < 4; i++) {
      const sum = sums[i]! + (this.#stream[4 + i]! >>> 0) + over;
      over = sum > 0xffff_ffff ? 1 : 0;
      difference |= (sum | 0) ^ word(frame, at + 4 * i);
    }
    return difference;
  }

  #decrypt(frame: Uint8Array, from: number, to: number): Buffer {
    const at = this.#take(to - from);
    for (let done = from; done < to; done += CHACHA_BLOCK) {
      const words = (at + done - from) / 4;
      for (let i = 0; i < CHACHA_WORDS; i++) this.#words[words + i] = word(frame, done + 4 * i);
      this.#state[COUNTER]!++;
      chacha20(this.#state, this.#words, words);
    }
    return this.#bytes.subarray(at, at + to - from);
  }

  /** Where so many bytes, filled up to whole blocks, have room. */
  #take(length: number): number {
    const bytes = (length + CHACHA_BLOCK - 1) & -CHACHA_BLOCK;
    if (this.#used + bytes > this.#bytes.length) {
      this.#words = new Int32Array(Math.max(bytes, SLAB_BYTES) / 4);
      this.#bytes = Buffer.from(this.#words.buffer);
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#used - bytes;
  }
}

/** Four words as limbs. */
function toLimbs(limbs: Float64Array, t0: number, t1: number, t2: number, t3: number): void {
  limbs[0] = t0 & LIMB_MASK;
  limbs[1] = ((t0 >>> 22) | (t1 << 10)) & LIMB_MASK;
  limbs[2] = ((t1 >>> 12) | (t2 << 20)) & LIMB_MASK;
  limbs[3] = (t2 >>> 2) & LIMB_MASK;
  limbs[4] = ((t2 >>> 24) | (t3 << 8)) & LIMB_MASK;
  limbs[5] = t3 >>> 14;
}

/**
 * h = (h + block + 2^128) * r for blocks of 16 bytes. Limbs of h are not reduced in full: twice, what is over 22 bits of
 * each goes to the next, which leaves them below 2^22 + 2^13, and sums below 2^52.
 */
function absorbBlocks(h: Float64Array, r: Float64Array, bytes: Uint8Array, from: number, to: number): void {
  const [r0, r1, r2, r3, r4, r5] = [r[0]!, r[1]!, r[2]!, r[3]!, r[4]!, r[5]!];
  const [w1, w2, w3, w4, w5] = [WRAP * r1, WRAP * r2, WRAP * r3, WRAP * r4, WRAP * r5];
  let [h0, h1, h2, h3, h4, h5] = [h[0]!, h[1]!, h[2]!, h[3]!, h[4]!, h[5]!];
  for (let at = from; at < to; at += BLOCK) {
    const t0 = word(bytes, at);
    const t1 = word(bytes, at + 4);
    const t2 = word(bytes, at + 8);
    const t3 = word(bytes, at + 12);
    const a0 = h0 + (t0 & LIMB_MASK);
    const a1 = h1 + (((t0 >>> 22) | (t1 << 10)) & LIMB_MASK);
    const a2 = h2 + (((t1 >>> 12) | (t2 << 20)) & LIMB_MASK);
    const a3 = h3 + ((t2 >>> 2) & LIMB_MASK);
    const a4 = h4 + (((t2 >>> 24) | (t3 << 8)) & LIMB_MASK);
    const a5 = h5 + (t3 >>> 14) + BLOCK_BIT;
    h0 = a0 * r0 + a1 * w5 + a2 * w4 + a3 * w3 + a4 * w2 + a5 * w1;
    h1 = a0 * r1 + a1 * r0 + a2 * w5 + a3 * w4 + a4 * w3 + a5 * w2;
    h2 = a0 * r2 + a1 * r1 + a2 * r0 + a3 * w5 + a4 * w4 + a5 * w3;
    h3 = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + a4 * w5 + a5 * w4;
    h4 = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0 + a5 * w5;
    h5 = a0 * r5 + a1 * r4 + a2 * r3 + a3 * r2 + a4 * r1 + a5 * r0;
    for (let i = 0; i < 2; i++) {
      const o0 = Math.floor(h0 * PER_LIMB);
      const o1 = Math.floor(h1 * PER_LIMB);
      const o2 = Math.floor(h2 * PER_LIMB);
      const o3 = Math.floor(h3 * PER_LIMB);
      const o4 = Math.floor(h4 * PER_LIMB);
      const o5 = Math.floor(h5 * PER_LIMB);
      h0 += WRAP * o5 - LIMB * o0;
      h1 += o0 - LIMB * o1;
      h2 += o1 - LIMB * o2;
      h3 += o2 - LIMB * o3;
      h4 += o3 - LIMB * o4;
      h5 += o4 - LIMB * o5;
    }
  }
  h[0] = h0;
  h[1] = h1;
  h[2] = h2;
  h[3] = h3;
  h[4] = h4;
  h[5] = h5;
}

/** Adds what is over 22 bits to the next limb; what is over 132, wrapped, to the first. */
function carry(limbs: Float64Array): void {
  let over = 0;
  for (let i = 0; i < 6; i++) {
    const sum = limbs[i]! + over;
    over = Math.floor(sum * PER_LIMB);
    limbs[i] = sum - over * LIMB;
  }
  limbs[0]! += over * WRAP;
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
function toWords(limbs: Float64Array, words: Uint32Array): void {
  const [l0, l1, l2, l3, l4, l5] = [limbs[0]!, limbs[1]!, limbs[2]!, limbs[3]!, limbs[4]!, limbs[5]!];
  words[0] = l0 | (l1 << 22);
  words[1] = (l1 >>> 10) | (l2 << 12);
  words[2] = (l2 >>> 20) | (l3 << 2) | (l4 << 24);
  words[3] = (l4 >>> 8) | (l5 << 14);
}

/** Little endian; zeros behind the end. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
