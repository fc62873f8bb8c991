import { createHmac } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { HashCrypto, type HashOptions } from '../src/hashes.js';
import { cases, lengthsUpTo } from './support/amounts.js';
import { Random } from './support/random.js';
import { wycheproof } from './support/vectors.js';

const hashes = new HashCrypto();
const random = new Random('hmac');
afterAll(() => hashes[Symbol.dispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: unknown) => new Uint8Array(Buffer.from(text as string, 'hex'));
const ascii = (text: string) => hex(Buffer.from(text));

function expectRight(key: Uint8Array, message: Uint8Array, options?: HashOptions) {
  const expected = hex(createHmac('sha256', key).update(message).digest());
  const lengths = [key.length, message.length];
  expect({ lengths, tag: hex(hashes.hmacSha256(key, message, options)) }).toEqual({ lengths, tag: expected });
}

/** RFC 4231, cases 1 to 7: key, message, tag (of case 5 its first 16 bytes). */
const RFC_4231 = [
  ['0b'.repeat(20), ascii('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    ascii('Jefe'),
    ascii('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  ['0c'.repeat(20), ascii('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    'aa'.repeat(131),
    ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'aa'.repeat(131),
    ascii(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
] as const;

test.each(RFC_4231)('example %# of RFC 4231', (key, message, tag) => {
  expect(hex(hashes.hmacSha256(bytes(key), bytes(message))).startsWith(tag)).toBe(true);
  expect(hashes.hmacSha256Verify(bytes(key), bytes(message), bytes(tag))).toBe(true);
});

test.each(['xdp', 'tc'] as const)('of packets of every length up to 1500 bytes, %s', (source) => {
  const key = random.bytes(32);
  for (const length of lengthsUpTo(1500)) expectRight(key, random.bytes(length), { source });
});

test('under keys of every length up to 200 bytes', () => {
  for (let length = 0; length <= 200; length++) {
    expectRight(random.bytes(length), random.bytes(50), { source: 'tracepoint' });
  }
});

test('of jumbo frames, and under keys as long', () => {
  for (const length of [1501, 4096, 8999, 9000]) {
    expectRight(random.bytes(length), random.bytes(length), { source: 'xdp' });
  }
  expectRight(random.bytes(9216), random.bytes(9216), { at: 256 });
});

test('of random messages under random keys', () => {
  for (let i = 0; i < cases(10_000); i++) {
    expectRight(random.bytes(random.below(150)), random.bytes(random.below(300)), { at: random.below(257) });
  }
});

describe('a tag', () => {
  const [key, message] = [random.bytes(32), random.bytes(100)];
  const tag = hashes.hmacSha256(key, message);

  test('is right in full, and cut to 16 bytes at least', () => {
    for (let length = 0; length <= 32; length++) {
      const right = hashes.hmacSha256Verify(key, message, tag.subarray(0, length));
      expect({ length, right }).toEqual({ length, right: length >= 16 });
    }
  });

  test('is wrong when any of its bits is', () => {
    for (let bit = 0; bit < 256; bit++) {
      const wrong = Uint8Array.from(tag);
      wrong[bit >> 3]! ^= 1 << (bit & 7);
      expect(hashes.hmacSha256Verify(key, message, wrong)).toBe(false);
      const isCut = bit >= 128;
      expect(hashes.hmacSha256Verify(key, message, wrong.subarray(0, 16))).toBe(isCut);
    }
  });

  test('is wrong when it is longer than the hash', () => {
    expect(hashes.hmacSha256Verify(key, message, Buffer.concat([tag, tag]))).toBe(false);
  });
});

const groups = wycheproof('hmac_sha256_test.json');
if (groups) {
  test("all of Wycheproof's", () => {
    for (const { tagSize, tests } of groups) {
      for (const { tcId, key, msg, tag, result } of tests) {
        expect(bytes(tag).length).toBe((tagSize as number) / 8);
        const right = hashes.hmacSha256Verify(bytes(key), bytes(msg), bytes(tag));
        expect({ tcId, right }).toEqual({ tcId, right: result === 'valid' });
      }
    }
  });
}
