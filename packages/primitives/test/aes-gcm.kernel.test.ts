import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { features } from '@cryptbpf/core';
import type { GhashKind } from '@cryptbpf/core/crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AeadResult, type AeadSource, offsetsOf } from '../src/aead.js';
import { AesGcmCrypto, setUpCipher } from '../src/aes-gcm.js';
import {
  checkCase,
  checkLengths,
  checkRandom,
  checkWycheproof,
  expectForged,
  refusal,
  sealByNode,
} from './support/aead.js';
import { NIST_GCM } from './support/nist-gcm.js';
import { Random } from './support/random.js';
import { wycheproof } from './support/vectors.js';

const HOOKS: readonly AeadSource[] = ['xdp', 'tc'];
const KINDS: readonly GhashKind[] = ['small', 'large', 'table-free'];
const vectors = wycheproof('aes_gcm_test.json');
const hasCiphers = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';

/** ECB with each AES of the kernel, as bpf_crypto takes them: made from ciphers of one block. */
function ecbDrivers(): string[] {
  const entries = readFileSync('/proc/crypto', 'utf8').split('\n\n').map(fieldsOf);
  const ciphers = entries.filter(({ name, type }) => name === 'aes' && type === 'cipher');
  return ciphers.map(({ driver }) => `ecb(${driver})`);
}

function fieldsOf(entry: string): Record<string, string> {
  return Object.fromEntries(entry.split('\n').map((line) => line.split(/\s*: /)));
}

test('programs can use the ciphers of the kernel from 6.10 on', () => {
  const [major, minor] = release().split('.').map(Number) as [number, number];
  expect(hasCiphers).toBe(major > 6 || (major === 6 && minor >= 10));
});

if (hasCiphers) {
  describe.each(KINDS)('GHASH %s', (ghash) => {
    let gcm: AesGcmCrypto;

    beforeAll(() => {
      gcm = new AesGcmCrypto({ ghash });
    });

    afterAll(() => gcm?.[Symbol.dispose]());

    test.each(NIST_GCM)('seals and opens $name', (given) => {
      gcm.setKey(given.key);
      for (const hook of HOOKS) checkCase(gcm, hook, given, given.sealed);
    });

    test.each(HOOKS)('seals and opens texts of every length in %s', (hook) => {
      checkLengths(gcm, 'aes-256-gcm', hook);
    });

    test('seals and opens random messages, and refuses each of them after a change', () => {
      checkRandom(gcm, 'aes-256-gcm', [...HOOKS, 'memory']);
    });

    if (vectors)
      test('judges the vectors of Wycheproof', () => {
        expect(checkWycheproof(gcm, HOOKS, vectors!)).toBe(66);
      });

    test('takes the largest message, and no larger one', () => {
      const random = new Random('largest');
      const key = random.bytes(32);
      const given = { key, nonce: random.bytes(12), aad: random.bytes(1024), text: random.bytes(9216) };
      gcm.setKey(key);
      checkCase(gcm, 'memory', given, sealByNode('aes-256-gcm', given));
      const longer = { ...given, aad: new Uint8Array(1025) };
      expect(refusal(() => gcm.seal('memory', given.text, longer)).result).toBe(AeadResult.AEAD_UNFIT);
      expect(refusal(() => gcm.seal('memory', new Uint8Array(9217), given)).result).toBe(
        AeadResult.AEAD_UNFIT,
      );
    });
  });

  test('every driver of the kernel seals and opens', () => {
    const drivers = ['ecb(aes)', ...ecbDrivers()];
    expect(drivers.length).toBeGreaterThan(1);
    for (const driver of drivers) {
      using gcm = new AesGcmCrypto({ driver });
      for (const given of NIST_GCM) {
        gcm.setKey(given.key);
        checkCase(gcm, 'xdp', given, given.sealed);
      }
    }
  });

  describe('a key', () => {
    let gcm: AesGcmCrypto;
    const input = { nonce: new Uint8Array(12) };
    const text = new Uint8Array(5);

    beforeAll(() => {
      gcm = new AesGcmCrypto();
    });

    afterAll(() => gcm?.[Symbol.dispose]());

    test('that was never set seals and opens nothing', () => {
      expect(refusal(() => gcm.seal('xdp', text, input)).result).toBe(AeadResult.AEAD_NO_CIPHER);
      expect(refusal(() => gcm.open('xdp', new Uint8Array(21), input)).result).toBe(
        AeadResult.AEAD_NO_CIPHER,
      );
    });

    test('is not in what comes back from setting it up', () => {
      const { spec, programs } = gcm.object;
      const at = offsetsOf(spec.btf, 'aes_gcm_setup');
      const setup = setUpCipher(programs.test_setup!, at, {
        driver: 'ecb(aes)',
        key: new Random('wiped').bytes(32),
      });
      expect([...setup.subarray(at.key)]).toEqual(new Array(32).fill(0));
    });

    test('is refused with a driver that does not exist', () => {
      const unknown = new AesGcmCrypto({ driver: 'ecb(aes-none)' });
      expect(() => unknown.setKey(new Uint8Array(32))).toThrow('no cipher ecb(aes-none): error -');
      unknown[Symbol.dispose]();
    });

    test('seals 2^32 messages', () => {
      gcm.setKey(new Uint8Array(32));
      gcm.usage = { sealed: 2n ** 32n - 1n, refused: 0n };
      const sealed = gcm.seal('tc', text, input);
      expect(refusal(() => gcm.seal('xdp', text, input)).result).toBe(AeadResult.AEAD_EXHAUSTED);
      expect(gcm.open('tc', sealed, input)).toEqual(text);
      expect(gcm.usage).toEqual({ sealed: 2n ** 32n, refused: 0n });
    });

    test('opens nothing after 2^52 forgeries', () => {
      gcm.setKey(new Uint8Array(32));
      const sealed = gcm.seal('tc', text, input);
      gcm.usage = { sealed: 0n, refused: 2n ** 52n - 1n };
      expect(gcm.open('tc', sealed, input)).toEqual(text);
      expectForged(() => gcm.open('tc', new Uint8Array(21), input));
      expect(refusal(() => gcm.open('tc', sealed, input)).result).toBe(AeadResult.AEAD_EXHAUSTED);
    });
  });
}
