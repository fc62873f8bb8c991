import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
  webcrypto,
} from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSigner, generateKey, type PrivateKey } from '../src/client.js';
import { createSigner as createNodeSigner } from '../src/udp.js';
import { publicKeyOf, readSigned } from './client-verifier.js';

const options = { audience: 'keys.test', keyId: 7 };
const pair = generateKey();
const privateKey = createPrivateKey(pair.privatePem);
const key = publicKeyOf(pair.publicPem);

const usage = { name: 'ECDSA', namedCurve: 'P-256' };
const importJwk = (use: 'sign' | 'verify', extractable: boolean, jwk: webcrypto.JsonWebKey) =>
  webcrypto.subtle.importKey('jwk', jwk, usage, extractable, [use]);
const cryptoKey = await importJwk('sign', false, pair.privateJwk);
const publicCryptoKey = await importJwk('verify', true, pair.publicJwk);

const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }).toString();
const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
const { x: _, y: __, ...bare } = pair.privateJwk;

async function signatureHolds(signer: ReturnType<typeof createSigner>): Promise<boolean> {
  const packet = Buffer.from(await signer.sign(Buffer.from('payload')));
  return readSigned(packet, { audience: 'keys.test', key }).holds;
}

const forms: [string, PrivateKey][] = [
  ['its 32 bytes', pair.secretKey],
  ['a Buffer of them', Buffer.from(pair.secretKey)],
  ['a JWK', pair.privateJwk],
  ['a JWK without its public half', bare],
  ['a PEM that it wrote itself', pair.privatePem],
  ['a PEM of node:crypto', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
  ['a PEM as OpenSSL writes it', parameters + sec1],
  ['a CryptoKey that cannot be exported', cryptoKey],
  [
    'something that signs',
    { signMessage: (message) => sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }) },
  ],
];

describe('a key signs as', () => {
  test.each(forms)('%s', async (_, form) => {
    expect(await signatureHolds(createSigner(form, options))).toBe(true);
  });

  test.each([...forms, ['a KeyObject', privateKey] as [string, KeyObject]])(
    '%s, with node:crypto',
    async (_, form) => {
      expect(await signatureHolds(createNodeSigner(form, options))).toBe(true);
    },
  );

  test('a copy: the caller may wipe its bytes', async () => {
    const secret = pair.secretKey.slice();
    const signers = [createSigner(secret, options), createNodeSigner(secret, options)];
    secret.fill(0);
    for (const signer of signers) expect(await signatureHolds(signer)).toBe(true);
  });
});

test.each([createSigner, createNodeSigner])('no signature has a high s (%o)', async (create) => {
  const half = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551') / 2n;
  for (const form of [pair.secretKey, cryptoKey]) {
    const signer = create(form, options);
    for (let i = 0; i < 30; i++) {
      const packet = Buffer.from(await signer.sign(Buffer.from('payload')));
      expect(BigInt(`0x${packet.subarray(-40, -8).toString('hex')}`)).toBeLessThanOrEqual(half);
    }
  }
});

describe('a generated key', () => {
  test('is the same in all its forms, as node:crypto reads them', () => {
    const jwk = createPrivateKey({ format: 'jwk', key: pair.privateJwk });
    expect(jwk.equals(privateKey)).toBe(true);
    expect(createPublicKey(privateKey).equals(key)).toBe(true);
    expect(createPublicKey({ format: 'jwk', key: pair.publicJwk }).equals(key)).toBe(true);
    expect(privateKey.export({ format: 'jwk' })).toEqual(pair.privateJwk);
    expect(Buffer.from(pair.secretKey).toString('base64url')).toBe(pair.privateJwk.d);
    const point = Buffer.concat([pair.publicKey.subarray(1)]);
    expect(point.toString('base64url')).toBe(
      Buffer.concat([
        Buffer.from(pair.publicJwk.x, 'base64url'),
        Buffer.from(pair.publicJwk.y, 'base64url'),
      ]).toString('base64url'),
    );
  });

  test('is written byte for byte as node:crypto writes it', () => {
    for (let i = 0; i < 20; i++) {
      const { privatePem, publicPem } = generateKey();
      expect(createPrivateKey(privatePem).export({ format: 'pem', type: 'pkcs8' })).toBe(privatePem);
      expect(publicKeyOf(publicPem).export({ format: 'pem', type: 'spki' })).toBe(publicPem);
    }
  });

  test('is another one each time', () => {
    expect(generateKey().privatePem).not.toBe(pair.privatePem);
  });

  test('does what node:crypto does with it', () => {
    const signature = sign('sha256', Buffer.from('x'), pair.privatePem);
    expect(verify('sha256', Buffer.from('x'), pair.publicPem, signature)).toBe(true);
  });
});

describe('a key is refused', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const encrypted = privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  const cut = pair.privatePem.replace(/\n.+\n-----END/, '\n-----END');
  const pem = (object: KeyObject) => object.export({ format: 'pem', type: 'pkcs8' }).toString();
  const other = generateKey().publicJwk;

  test.each<[string, PrivateKey, string]>([
    ['of 31 bytes', new Uint8Array(31), 'key is 31 bytes, expected 32'],
    ['that is 0', new Uint8Array(32), 'key is 0 or not below the order'],
    ['that is too large', new Uint8Array(32).fill(0xff), 'key is 0 or not below the order'],
    ['as an empty text', '', 'it has no BEGIN PRIVATE KEY'],
    ['as a public PEM', pair.publicPem, 'it has no BEGIN PRIVATE KEY'],
    ['as an encrypted PEM', encrypted.toString(), 'it is encrypted; decrypt it first'],
    ['as a PEM that is cut short', cut, 'it is cut short'],
    ['as a PEM of another curve', pem(p384), 'its curve is not P-256'],
    [
      'as a SEC 1 PEM of another curve',
      p384.export({ format: 'pem', type: 'sec1' }).toString(),
      'its curve is not P-256',
    ],
    ['as a PEM of another algorithm', pem(ed25519), 'it is not a key of an elliptic curve'],
    [
      'as a JWK of another curve',
      p384.export({ format: 'jwk' }) as never,
      'key is a JWK of EC P-384, expected EC P-256',
    ],
    ['as a public JWK', pair.publicJwk, 'key is a JWK without d'],
    ['as a JWK of two halves', { ...pair.privateJwk, ...other }, 'x, y do not fit its d'],
    ['as a JWK that is not base64', { ...pair.privateJwk, d: '=!' }, 'not valid base64'],
    ['as a CryptoKey that verifies', publicCryptoKey, 'key is a public CryptoKey for [verify]'],
  ])('%s', (_, form, message) => {
    const expected = expect.objectContaining({
      code: 'ERR_SIGNED_AUTH_KEY',
      message: expect.stringContaining(message),
    });
    expect(() => createSigner(form, options)).toThrow(expected);
    expect(() => createNodeSigner(form, options)).toThrow(expected);
  });

  test('as a CryptoKey for another algorithm', async () => {
    const hmac = await webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
    expect(() => createSigner(hmac, options)).toThrow('key is a CryptoKey for HMAC , expected ECDSA P-256');
  });

  test.each([undefined, null, 5, {}])('that is none: %o', (form) => {
    expect(() => createSigner(form as never, options)).toThrow(TypeError);
    expect(() => createNodeSigner(form as never, options)).toThrow(TypeError);
  });

  test('as a KeyObject in the client, which says who takes it', () => {
    expect(() => createSigner(privateKey as never, options)).toThrow(
      'a KeyObject needs createSigner of the udp part',
    );
  });

  test.each([p384, ed25519, key])('as a KeyObject that cannot sign here: %o', (form) => {
    expect(() => createNodeSigner(form, options)).toThrow(
      expect.objectContaining({ code: 'ERR_SIGNED_AUTH_KEY' }),
    );
  });

  test('when it throws, with its own error as the cause', async () => {
    const cause = new Error('the token was removed');
    const signer = createSigner({ signMessage: () => Promise.reject(cause) }, options);
    const message = 'the key does not sign: the token was removed';
    await expect(signer.sign(new Uint8Array())).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_KEY',
      message,
      cause,
    });
  });

  test('when it signs in DER', async () => {
    const der = createSigner({ signMessage: () => new Uint8Array(71) }, options);
    await expect(der.sign(new Uint8Array())).rejects.toThrow('signature is 71 bytes, expected 64');
  });
});
