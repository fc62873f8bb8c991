import { afterAll, describe, expect, test } from 'vitest';
import { HashCrypto, type HashSource } from '../src/hashes.js';
import { siphash64, siphash128 } from '../src/hashes-twin.js';
import { cases, lengthsUpTo } from './support/amounts.js';
import { Random } from './support/random.js';
import { SIPHASH_64, SIPHASH_128 } from './support/siphash-vectors.js';

const hashes = new HashCrypto();
const random = new Random('siphash');
afterAll(() => hashes[Symbol.dispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const upTo = (count: number) => Uint8Array.from({ length: count }, (_, i) => i);
const twin = { siphash64, siphash128 };
const VARIANTS = [
  ['siphash64', SIPHASH_64],
  ['siphash128', SIPHASH_128],
] as const;

describe.each(VARIANTS)('%s', (variant, vectors) => {
  test("the twin gives its authors' 64 results", () => {
    const results = vectors.map((_, n) => hex(twin[variant](upTo(16), upTo(n))));
    expect(results).toEqual(vectors);
  });

  test.each<HashSource>(['xdp', 'tc', 'memory', 'tracepoint'])('the kernel gives them, %s', (source) => {
    const results = vectors.map((_, n) => hex(hashes[variant](upTo(16), upTo(n), { source })));
    expect(results).toEqual(vectors);
  });

  function expectRight(message: Uint8Array, at = 0) {
    const key = random.bytes(16);
    const { length } = message;
    const result = { length, tag: hex(hashes[variant](key, message, { at })) };
    expect(result).toEqual({ length, tag: hex(twin[variant](key, message)) });
  }

  test('of every length up to 1500 bytes', () => {
    for (const length of lengthsUpTo(1500)) expectRight(random.bytes(length));
  });

  test('of messages up to the limit', () => {
    for (const length of [1500, 4095, 4096, 8999, 9000, 9001, 9215, 9216]) {
      expectRight(random.bytes(length), random.below(257));
    }
  });

  test('of random messages at random places', () => {
    for (let i = 0; i < cases(10_000); i++) expectRight(random.bytes(random.below(130)), random.below(257));
  });

  test('of what is too long there is none', () => {
    expect(() => hashes[variant](upTo(16), random.bytes(9217))).toThrow(/was refused/);
  });
});
