import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AeadResult, type AeadSource } from '../src/aead.js';
import { ChaChaCrypto } from '../src/chacha.js';
import {
  checkCase,
  checkLengths,
  checkRandom,
  checkWycheproof,
  expectForged,
  hex,
  refusal,
  sealByNode,
} from './support/aead.js';
import { Random } from './support/random.js';
import { wycheproof } from './support/vectors.js';

const SOURCES: readonly AeadSource[] = ['xdp', 'tc', 'raw_tp', 'tracepoint'];
const vectors = wycheproof('chacha20_poly1305_test.json');

let chacha: ChaChaCrypto;

beforeAll(() => {
  chacha = new ChaChaCrypto();
});

afterAll(() => chacha?.[Symbol.dispose]());

/* RFC 8439, section 2.8.2 */
const RFC_SEAL = {
  key: hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
  nonce: hex('070000004041424344454647'),
  aad: hex('50515253c0c1c2c3c4c5c6c7'),
  text: new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ),
};
const RFC_SEALED = hex(`
  d31a8d34648e60db7b86afbc53ef7ec2 a4aded51296e08fea9e2b5a736ee62d6 3dbea45e8ca9671282fafb69da92728b
  1a71de0a9e060b2905d6a5b67ecd3b36 92ddbd7f2d778b8c9803aee328091b58 fab324e4fad675945585808b4831d7bc
  3ff4def08e4b7a9de576d26586cec64b 6116 1ae10b594f09e26a7e902ecbd0600691`);

describe.each(SOURCES)('in %s', (source) => {
  test('seals and opens the example of RFC 8439', () => {
    chacha.setKey(RFC_SEAL.key);
    checkCase(chacha, source, RFC_SEAL, RFC_SEALED);
  });

  test('seals and opens texts of every length', () => {
    checkLengths(chacha, 'chacha20-poly1305', source);
  });
});

test('seals and opens random messages, and refuses each of them after a change', () => {
  checkRandom(chacha, 'chacha20-poly1305', SOURCES);
});

if (vectors)
  test('judges the vectors of Wycheproof', () => {
    expect(checkWycheproof(chacha, SOURCES, vectors!)).toBe(316);
  });

test.each(['raw_tp', 'tracepoint'] as const)(
  'takes the largest message in %s, and no larger one',
  (source) => {
    const random = new Random('largest');
    const key = random.bytes(32);
    const given = { key, nonce: random.bytes(12), aad: random.bytes(1024), text: random.bytes(9216) };
    chacha.setKey(key);
    checkCase(chacha, source, given, sealByNode('chacha20-poly1305', given));
    const longer = { nonce: given.nonce, aad: new Uint8Array(1025) };
    for (const [text, input] of [
      [new Uint8Array(9217), given],
      [given.text, longer],
    ] as const) {
      expect(refusal(() => chacha.seal(source, text, input)).result).toBe(AeadResult.AEAD_UNFIT);
      expect(refusal(() => chacha.open(source, text.slice(0, 9216), longer)).result).toBe(
        AeadResult.AEAD_UNFIT,
      );
    }
  },
);

test('a nonce is the IV and the counter, big endian, at its end', () => {
  const iv = hex('000102030405060708090a0b');
  const text = Uint8Array.of(1, 2, 3);
  const byCounter = chacha.seal('xdp', text, { nonce: iv, counter: 0x1122334455667788n });
  const byHand = chacha.seal('xdp', text, { nonce: hex('00010203152735435d6f7d83') });
  expect(byCounter).toEqual(byHand);
});

describe('the limits of a key', () => {
  test('counts what it sealed and what it refused', () => {
    chacha.setKey(new Uint8Array(32));
    const input = { nonce: new Uint8Array(12) };
    const sealed = chacha.seal('tc', new Uint8Array(5), input);
    chacha.open('tc', sealed, input);
    sealed[0]! ^= 1;
    expectForged(() => chacha.open('tc', sealed, input));
    expect(chacha.usage).toEqual({ sealed: 1n, refused: 1n });
  });

  test('opens nothing after 2^36 forgeries', () => {
    chacha.setKey(new Uint8Array(32));
    const input = { nonce: new Uint8Array(12) };
    const sealed = chacha.seal('tc', new Uint8Array(5), input);
    chacha.usage = { sealed: 0n, refused: 2n ** 36n - 1n };
    expect(chacha.open('tc', sealed, input)).toEqual(new Uint8Array(5));
    expectForged(() => chacha.open('tc', new Uint8Array(21), input));
    expect(refusal(() => chacha.open('tc', sealed, input)).result).toBe(AeadResult.AEAD_EXHAUSTED);
  });
});
