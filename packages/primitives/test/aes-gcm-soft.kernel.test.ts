import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AeadResult, type AeadSource } from '../src/aead.js';
import { SoftAesGcm } from '../src/aes-gcm-soft.js';
import {
  checkCase,
  checkLengths,
  checkRandom,
  checkWycheproof,
  expectForged,
  isEmulated,
  refusal,
  sealByNode,
} from './support/aead.js';
import { NIST_GCM } from './support/nist-gcm.js';
import { Random } from './support/random.js';
import { wycheproof } from './support/vectors.js';

const SOURCES: readonly AeadSource[] = ['xdp', 'tc', 'raw_tp', 'tracepoint'];
const vectors = wycheproof('aes_gcm_test.json');

let soft: SoftAesGcm;

beforeAll(() => {
  soft = new SoftAesGcm();
});

afterAll(() => soft?.[Symbol.dispose]());

describe.each(SOURCES)('in %s', (source) => {
  test.each(NIST_GCM)('seals and opens $name', (given) => {
    soft.setKey(given.key);
    checkCase(soft, source, given, given.sealed);
  });

  test('seals and opens texts of every length', () => {
    checkLengths(soft, 'aes-256-gcm', source);
  });
});

test('expands keys as node:crypto does', () => {
  const random = new Random('keys');
  for (let i = 0; i < (isEmulated ? 50 : 2000); i++) {
    const given = {
      key: random.bytes(32),
      nonce: random.bytes(12),
      aad: new Uint8Array(),
      text: random.bytes(48),
    };
    soft.setKey(given.key);
    checkCase(soft, 'raw_tp', given, sealByNode('aes-256-gcm', given));
  }
});

test('nothing is left of a key where it was taken from', () => {
  soft.setKey(new Random('wiped').bytes(32));
  expect(soft.object.maps.secrets!.view().getBigUint64(0)).toBe(0n);
});

test('seals and opens random messages, and refuses each of them after a change', () => {
  checkRandom(soft, 'aes-256-gcm', SOURCES);
});

if (vectors)
  test('judges the vectors of Wycheproof', () => {
    expect(checkWycheproof(soft, SOURCES, vectors!)).toBe(66);
  });

test('takes the largest message, and no larger one', () => {
  const random = new Random('largest');
  const key = random.bytes(32);
  const given = { key, nonce: random.bytes(12), aad: random.bytes(1024), text: random.bytes(9216) };
  soft.setKey(key);
  checkCase(soft, 'tracepoint', given, sealByNode('aes-256-gcm', given));
  const longer = { ...given, aad: new Uint8Array(1025) };
  expect(refusal(() => soft.seal('raw_tp', given.text, longer)).result).toBe(AeadResult.AEAD_UNFIT);
  expect(refusal(() => soft.seal('raw_tp', new Uint8Array(9217), given)).result).toBe(AeadResult.AEAD_UNFIT);
});

describe('the limits of a key', () => {
  const input = { nonce: new Uint8Array(12) };

  test('seals 2^32 messages', () => {
    soft.setKey(new Uint8Array(32));
    soft.usage = { sealed: 2n ** 32n - 1n, refused: 0n };
    const sealed = soft.seal('raw_tp', new Uint8Array(5), input);
    expect(refusal(() => soft.seal('raw_tp', new Uint8Array(5), input)).result).toBe(
      AeadResult.AEAD_EXHAUSTED,
    );
    expect(soft.open('raw_tp', sealed, input)).toEqual(new Uint8Array(5));
    expect(soft.usage).toEqual({ sealed: 2n ** 32n, refused: 0n });
  });

  test('opens nothing after 2^52 forgeries', () => {
    soft.setKey(new Uint8Array(32));
    const sealed = soft.seal('raw_tp', new Uint8Array(5), input);
    soft.usage = { sealed: 0n, refused: 2n ** 52n - 1n };
    expect(soft.open('raw_tp', sealed, input)).toEqual(new Uint8Array(5));
    expectForged(() => soft.open('raw_tp', new Uint8Array(21), input));
    expect(refusal(() => soft.open('raw_tp', sealed, input)).result).toBe(AeadResult.AEAD_EXHAUSTED);
  });
});
