import { type CipherGCMTypes, createCipheriv } from 'node:crypto';
import { expect } from 'vitest';
import { type AeadCrypto, AeadError, AeadResult, type AeadSource } from '../../src/aead.js';
import { Random } from './random.js';
import type { WycheproofGroup, WycheproofTest } from './vectors.js';

export type NodeCipher = 'aes-256-gcm' | 'chacha20-poly1305';

export interface AeadKeyed extends AeadCrypto {
  setKey(key: Uint8Array): void;
}

export interface AeadCase {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly text: Uint8Array;
}

/** Guests are emulated: they get a part of what the host runs. */
export const isEmulated = process.env.CRYPTBPF_VM !== undefined;

/** Text and tag, by node:crypto. */
export function sealByNode(cipher: NodeCipher, { key, nonce, aad, text }: AeadCase): Uint8Array {
  const sealer = createCipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: 16 } as never);
  sealer.setAAD(aad, { plaintextLength: text.length });
  return Buffer.concat([sealer.update(text), sealer.final(), sealer.getAuthTag()]);
}

/** The result code of an open that must fail, and what is in the text's place then. */
export function refusal(open: () => unknown): AeadError {
  try {
    open();
  } catch (error) {
    if (error instanceof AeadError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

export function expectForged(open: () => unknown): void {
  expect(refusal(open).result).toBe(AeadResult.AEAD_FORGED);
}

export const hex = (text: unknown): Uint8Array =>
  Uint8Array.from(Buffer.from((text as string).replace(/[\s:]/g, ''), 'hex'));

/** Seals and opens it, and compares with the other end. */
export function checkCase(crypto: AeadKeyed, source: AeadSource, given: AeadCase, sealed: Uint8Array): void {
  expect(Buffer.compare(crypto.seal(source, given.text, given), sealed)).toBe(0);
  expect(Buffer.compare(crypto.open(source, sealed, given), given.text)).toBe(0);
}

/** Texts of all lengths up to max with additional data of various ones. Guests: to 100, and some that are longer. */
export function checkLengths(crypto: AeadKeyed, cipher: NodeCipher, source: AeadSource, max = 1500): void {
  const random = new Random(`lengths ${cipher} ${source}`);
  const key = random.bytes(32);
  crypto.setKey(key);
  for (let length = 0; length <= max; length += isEmulated && length > 100 ? 1 + random.below(100) : 1) {
    const aad = random.bytes(length % 3 === 0 ? 16 : random.below(64));
    const given = { key, nonce: random.bytes(12), aad, text: random.bytes(length) };
    checkCase(crypto, source, given, sealByNode(cipher, given));
  }
}

/** Random messages under random keys: sealed, opened, and each refused after a change. */
export function checkRandom(
  crypto: AeadKeyed,
  cipher: NodeCipher,
  sources: readonly AeadSource[],
  count = isEmulated ? 150 : 10_000,
): void {
  const random = new Random(`random ${cipher}`);
  let key = random.bytes(32);
  for (let i = 0; i < count; i++) {
    if (i % 16 === 0) {
      key = random.bytes(32);
      crypto.setKey(key);
    }
    const lengths = {
      aad: random.below(random.pick([1, 32, 1025])),
      text: random.below(random.pick([48, 1501])),
    };
    const text = random.bytes(lengths.text);
    const given = { key, nonce: random.bytes(12), aad: random.bytes(lengths.aad), text };
    const source = random.pick(sources);
    const sealed = sealByNode(cipher, given);
    checkCase(crypto, source, given, sealed);
    const changed = change(random, given, sealed);
    const { result, text: left } = refusal(() => crypto.open(source, changed.sealed, changed));
    expect(result).toBe(AeadResult.AEAD_FORGED);
    expect(Buffer.compare(left, changed.sealed.subarray(0, text.length))).toBe(0);
  }
}

/** One bit of tag, text, additional data or nonce. */
function change(random: Random, given: AeadCase, sealed: Uint8Array) {
  const copy = { aad: given.aad.slice(), nonce: given.nonce.slice(), sealed: Uint8Array.from(sealed) };
  const parts = [copy.sealed.subarray(given.text.length), copy.sealed.subarray(0, given.text.length)];
  const part = random.pick([...parts, copy.aad, copy.nonce].filter(({ length }) => length > 0));
  part[random.below(part.length)]! ^= 1 << random.below(8);
  return copy;
}

/**
 * How many there were. Valid ones are sealed and opened, all others refused. Guests: each in one of the sources, in
 * turn.
 */
export function checkWycheproof(
  crypto: AeadKeyed,
  sources: readonly AeadSource[],
  groups: readonly WycheproofGroup[],
): number {
  const tests = groups
    .filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128)
    .flatMap((group) => group.tests);
  tests.forEach((test, i) => {
    crypto.setKey(hex(test.key));
    for (const source of isEmulated ? [sources[i % sources.length]!] : sources) {
      checkVector(crypto, source, test);
    }
  });
  return tests.length;
}

function checkVector(crypto: AeadKeyed, source: AeadSource, test: WycheproofTest): void {
  const given = { key: hex(test.key), nonce: hex(test.iv), aad: hex(test.aad), text: hex(test.msg) };
  const sealed = Buffer.concat([hex(test.ct), hex(test.tag)]);
  const what = `test ${test.tcId} in ${source}: ${test.comment}`;
  if (test.result === 'valid') {
    expect(Buffer.from(crypto.seal(source, given.text, given)).equals(sealed), what).toBe(true);
    expect(Buffer.from(crypto.open(source, sealed, given)).equals(given.text), what).toBe(true);
  } else {
    expect(refusal(() => crypto.open(source, sealed, given)).result, what).toBe(AeadResult.AEAD_FORGED);
  }
}
