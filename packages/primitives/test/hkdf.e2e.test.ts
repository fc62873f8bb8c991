import { hkdfSync } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { HashCrypto, type HashSource } from '../src/hashes.js';
import { hkdfExpand } from '../src/hashes-twin.js';
import { cases, lengthsUpTo } from './support/amounts.js';
import { Random } from './support/random.js';

const hashes = new HashCrypto();
const random = new Random('hkdf');
afterAll(() => hashes[Symbol.dispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sequence = (from: number, count: number) => Uint8Array.from({ length: count }, (_, i) => from + i);

/** RFC 5869, A.1 to A.3: input, salt, info, PRK, output. */
const RFC_5869 = [
  [
    new Uint8Array(22).fill(0x0b),
    sequence(0, 13),
    sequence(0xf0, 10),
    '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    sequence(0, 80),
    sequence(0x60, 80),
    sequence(0xb0, 80),
    '06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244',
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  ],
  [
    new Uint8Array(22).fill(0x0b),
    new Uint8Array(),
    new Uint8Array(),
    '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  ],
] as const;

describe.each(RFC_5869)('example %# of RFC 5869', (input, salt, info, prk, output) => {
  test.each<HashSource>(['memory', 'tracepoint'])('%s', (source) => {
    const length = output.length / 2;
    expect(hex(hashes.hkdf(salt, input, info, length, { source }))).toBe(output);
    expect(hex(hashes.hkdfExpand(Buffer.from(prk, 'hex'), info, length, { source }))).toBe(output);
  });
});

function expectRight(salt: Uint8Array, input: Uint8Array, info: Uint8Array, length: number) {
  const expected = hex(new Uint8Array(hkdfSync('sha256', input, salt, info, length)));
  const lengths = [salt.length, input.length, info.length, length];
  const output = hex(hashes.hkdf(salt, input, info, length));
  expect({ lengths, output }).toEqual({ lengths, output: expected });
}

test('of every length of output', () => {
  for (const length of lengthsUpTo(512).slice(1)) {
    expectRight(random.bytes(32), random.bytes(32), random.bytes(40), length);
  }
});

test('of every length of salt', () => {
  for (const length of lengthsUpTo(256)) {
    expectRight(random.bytes(length), random.bytes(32), random.bytes(10), 64);
  }
});

test('of every length of info', () => {
  for (const length of lengthsUpTo(1024)) {
    const [prk, info] = [random.bytes(32), random.bytes(length)];
    expect(hex(hashes.hkdfExpand(prk, info, 80))).toBe(hex(hkdfExpand(prk, info, 80)));
  }
});

test('of input as long as a message', () =>
  expectRight(random.bytes(256), random.bytes(9216), random.bytes(1024), 512));

test('of random arguments', () => {
  for (let i = 0; i < cases(10_000); i++) {
    const length = 1 + random.below(i % 10 ? 64 : 512);
    expectRight(
      random.bytes(random.below(100)),
      random.bytes(random.below(100)),
      random.bytes(random.below(100)),
      length,
    );
  }
});

test('of more than the limits there is none', () => {
  const refused = /was refused/;
  const [salt, input, info] = [random.bytes(32), random.bytes(32), random.bytes(32)];
  expect(() => hashes.hkdf(random.bytes(257), input, info, 32)).toThrow(refused);
  expect(() => hashes.hkdf(salt, random.bytes(9217), info, 32)).toThrow(refused);
  expect(() => hashes.hkdf(salt, input, random.bytes(1025), 32)).toThrow(refused);
  expect(() => hashes.hkdf(salt, input, info, 513)).toThrow(refused);
});
