/* SipHash-2-4 by Aumasson and Bernstein, from the paper's figure 2.1, for messages of any length. */

const WORD = 0xffff_ffff_ffff_ffffn;
const INITIAL = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n] as const;

type State = [bigint, bigint, bigint, bigint];

/** Key of 16 bytes; the result is a number, whose bytes are little endian on the wire. */
export function siphash24(key: Uint8Array, message: Uint8Array): bigint {
  const [k0, k1] = [word(key, 0), word(key, 8)];
  const v: State = [INITIAL[0] ^ k0, INITIAL[1] ^ k1, INITIAL[2] ^ k0, INITIAL[3] ^ k1];
  for (const m of blocks(message)) {
    v[3] ^= m;
    rounds(v, 2);
    v[0] ^= m;
  }
  v[2] ^= 0xffn;
  rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/** Whole words, then the rest, whose highest byte is the length modulo 256. */
function blocks(message: Uint8Array): bigint[] {
  const padded = new Uint8Array((message.length & ~7) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 0xff;
  return Array.from({ length: padded.length / 8 }, (_, i) => word(padded, i * 8));
}

function rounds(v: State, count: number): void {
  for (let i = 0; i < count; i++) {
    half(v, 0, 1, 13n);
    half(v, 2, 3, 16n);
    v[0] = rotate(v[0], 32n);
    half(v, 2, 1, 17n);
    half(v, 0, 3, 21n);
    v[2] = rotate(v[2], 32n);
  }
}

function half(v: State, a: 0 | 2, b: 1 | 3, bits: bigint): void {
  v[a] = (v[a] + v[b]) & WORD;
  v[b] = rotate(v[b], bits) ^ v[a];
}

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) | (x >> (64n - bits))) & WORD;
}

function word(bytes: Uint8Array, offset: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
}
