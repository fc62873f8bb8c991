import { createPrivateKey, createSecretKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkId, expirySeconds, type PublicKey, readPublicKey } from '../src/keys.js';
import { testKey } from './support/keys.js';

const { publicKey: raw, privateKey } = testKey(5);
const privateJwk = privateKey.export({ format: 'jwk' });
const { d: _, ...jwk } = privateJwk;
const keyObject = readPublicKey(raw).keyObject;
const compressed = Uint8Array.of(2 + (raw[64]! & 1), ...raw.subarray(1, 33));
const bad = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_BAD_VALUE', message: expect.stringMatching(message) });

test.each<[string, PublicKey]>([
  ['65 bytes', raw],
  ['33 bytes', compressed],
  ['PEM', keyObject.export({ type: 'spki', format: 'pem' }) as string],
  ['JWK', jwk],
  ['a KeyObject', keyObject],
])('%s are read', (_name, key) => {
  expect(readPublicKey(key).point).toEqual(raw);
});

test('a CryptoKey is read', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await webcrypto.subtle.importKey('raw', raw as never, algorithm, true, ['verify']);
  expect(readPublicKey(key).point).toEqual(raw);
});

test.each<[string, PublicKey]>([
  ['PEM', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ['JWK', privateJwk],
  ['KeyObject', createPrivateKey({ format: 'jwk', key: privateJwk })],
])('a private key as %s is refused', (_name, key) => {
  expect(() => readPublicKey(key)).toThrow(bad(/private/));
});

test('what is no public P-256 key is refused', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey;
  expect(() => readPublicKey(other)).toThrow(bad(/P-384/));
  expect(() => readPublicKey(generateKeyPairSync('ed25519').publicKey)).toThrow(bad(/Ed25519/i));
  expect(() => readPublicKey(createSecretKey(Buffer.alloc(32)))).toThrow(bad(/secret/));
  for (const key of ['', 'text', new Uint8Array(65), raw.subarray(1), {}, 7, null]) {
    expect(() => readPublicKey(key as PublicKey)).toThrow(bad(/public key/));
  }
  const off = raw.slice();
  off[64]! ^= 1;
  expect(() => readPublicKey(off)).toThrow(bad(/cannot be read/));
});

test('ids and times of expiry are checked', () => {
  for (const id of [-1, 65_536, 0.5, Number.NaN]) expect(() => checkId(id)).toThrow(bad(/key id/));
  expect(expirySeconds(new Date(5_999))).toBe(5n);
  expect(expirySeconds(undefined)).toBe(2n ** 64n - 1n);
  expect(() => expirySeconds(Number.NaN)).toThrow(bad(/expires/));
});
