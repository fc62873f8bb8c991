import { createCipheriv } from 'node:crypto';
import { GHASH_BYTES, ghashTables } from '@cryptbpf/core/crypto';
import { expect, test } from 'vitest';
import { Random } from './support/random.js';

const R = 0xe1n << 120n;
const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** SP 800-38D, algorithm 1. */
function multiply(x: bigint, y: bigint): bigint {
  let [z, v] = [0n, y];
  for (let i = 127n; i >= 0n; i--) {
    if ((x >> i) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ R : v >> 1n;
  }
  return z;
}

function subkeyOf(key: Uint8Array): Uint8Array {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(Buffer.alloc(16));
}

/** The block whose byte at index is this, all others being 0. */
function blockOf(index: number, byte: number): bigint {
  return BigInt(byte) << BigInt(8 * (15 - index));
}

const random = new Random('ghash');
const key = random.bytes(32);
const h = toNumber(subkeyOf(key));
const entry = (tables: Uint8Array, i: number) => toNumber(tables.subarray(16 * i, 16 * i + 16));

test('the large tables hold the products of each byte at each place', () => {
  const tables = ghashTables(key, 'large');
  for (let place = 0; place < 16; place++) {
    for (let byte = 0; byte < 256; byte++) {
      expect(entry(tables, 256 * place + byte)).toBe(multiply(blockOf(place, byte), h));
    }
  }
});

test('the small tables hold the products of each nibble, the low one of a byte first', () => {
  const tables = ghashTables(key);
  for (let place = 0; place < 32; place++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      const byte = place % 2 === 0 ? nibble : nibble << 4;
      expect(entry(tables, 16 * place + nibble)).toBe(multiply(blockOf(place >> 1, byte), h));
    }
  }
});

test('without tables there is the subkey alone', () => {
  expect(toNumber(ghashTables(key, 'table-free'))).toBe(h);
});

test('sizes are what is said', () => {
  expect(Object.entries(GHASH_BYTES).map(([kind, bytes]) => [kind, bytes])).toEqual(
    (['small', 'large', 'table-free'] as const).map((kind) => [kind, ghashTables(key, kind).length]),
  );
});

test('the key is left as it is, and one of another length is refused', () => {
  const copy = key.slice();
  ghashTables(key, 'large');
  expect(key).toEqual(copy);
  expect(() => ghashTables(new Uint8Array(16))).toThrow('an AES-256 key has 32 bytes, this one 16');
});
