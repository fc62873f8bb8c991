import { createCipheriv } from 'node:crypto';
import { BpfError } from '../errors.js';

/** How a program multiplies by the hash subkey: enum ghash_kind of bpf/lib/ghash.h. */
export type GhashKind = 'small' | 'large' | 'table-free';

/** What each key takes in the kernel's memory, per direction. */
export const GHASH_BYTES: Readonly<Record<GhashKind, number>> = {
  small: 8 * 1024,
  large: 64 * 1024,
  'table-free': 16,
};

/** enum ghash_kind */
export const GHASH_KINDS: Readonly<Record<GhashKind, number>> = { small: 0, large: 1, 'table-free': 2 };

const BLOCK = 16;
const WORDS = BLOCK / 4;
const BITS = 128;

/**
 * What a program needs for GHASH under an AES-256 key, to be written to its map: tables of multiples of the subkey
 * H, or with 'table-free' H itself. It is as secret as the key: with it, messages can be forged. So wipe it when it
 * is written; H and what came in between is wiped here. Takes under a millisecond. Throws ERR_BAD_VALUE for a key
 * that has not 32 bytes.
 */
export function ghashTables(key: Uint8Array, kind: GhashKind = 'small'): Uint8Array {
  if (key.length !== 32) {
    throw new BpfError('ERR_BAD_VALUE', `an AES-256 key has 32 bytes, this one ${key.length}`);
  }
  const subkey = encryptZeros(key);
  try {
    return kind === 'table-free' ? Uint8Array.from(subkey) : buildTables(subkey, kind === 'large' ? 8 : 4);
  } finally {
    subkey.fill(0);
  }
}

function encryptZeros(key: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return cipher.update(Buffer.alloc(BLOCK));
}

/** For each place of width bits in a block, the products of H with all values there, as bytes in memory. */
function buildTables(subkey: Uint8Array, width: 4 | 8): Uint8Array<ArrayBuffer> {
  const multiples = shifted(subkey);
  const perPlace = 1 << width;
  const tables = new Uint32Array((BITS / width) * perPlace * WORDS);
  for (let place = 0; place < BITS / width; place++) {
    const firstBit = bitOf(place, width);
    const table = tables.subarray(place * perPlace * WORDS, (place + 1) * perPlace * WORDS);
    for (let value = 1; value < perPlace; value++) {
      const lowest = value & -value;
      const bit = firstBit + width - 1 - Math.log2(lowest);
      for (let i = 0; i < WORDS; i++) {
        table[value * WORDS + i] = table[(value ^ lowest) * WORDS + i]! ^ multiples[bit * WORDS + i]!;
      }
    }
  }
  multiples.fill(0);
  return new Uint8Array(tables.buffer);
}

/** GCM numbers bits from the left of each byte; places are counted from the right, as programs shift. */
function bitOf(place: number, width: 4 | 8): number {
  return width === 8 ? 8 * place : 8 * (place >> 1) + (place % 2 === 0 ? 4 : 0);
}

/** H * x^i for i from 0 to 127, each as 16 bytes. */
function shifted(subkey: Uint8Array): Uint32Array {
  const multiples = new Uint8Array(BITS * BLOCK);
  multiples.set(subkey);
  for (let i = 1; i < BITS; i++) {
    const from = (i - 1) * BLOCK;
    const reduced = multiples[from + BLOCK - 1]! & 1 ? 0xe1 : 0;
    for (let byte = BLOCK - 1; byte > 0; byte--) {
      const carry = multiples[from + byte - 1]! & 1;
      multiples[from + BLOCK + byte] = (multiples[from + byte]! >> 1) | (carry << 7);
    }
    multiples[from + BLOCK] = (multiples[from]! >> 1) ^ reduced;
  }
  return new Uint32Array(multiples.buffer);
}
