import { p256 } from '@noble/curves/nist.js';
import { SignedAuthError } from './errors.js';
import { type PrivateJwk, toPublicJwk } from './generate.js';
import { fromBase64, secretFromPem } from './pem.js';

export const SIGNATURE_LENGTH = 64;

/** What signs: ECDSA on P-256 over SHA-256 of the message, as r || s of 64 bytes. A key in hardware can be one. */
export interface MessageSigner {
  signMessage(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A private CryptoKey of WebCrypto, named by its shape since not every runtime has the type. */
export interface PrivateCryptoKey {
  readonly type: string;
  readonly usages: readonly string[];
  readonly algorithm: { readonly name: string };
}

/**
 * A private P-256 key: 32 bytes; JWK; PEM (PKCS#8 or SEC 1); a CryptoKey for ECDSA, which need not be extractable;
 * or whatever signs messages.
 */
export type PrivateKey = Uint8Array | PrivateJwk | string | PrivateCryptoKey | MessageSigner;

/** @throws SignedAuthError `ERR_SIGNED_AUTH_KEY`, TypeError when it is no key at all. */
export function messageSigner(key: PrivateKey): MessageSigner {
  const secret = secretOf(key);
  if (secret) return secretSigner(secret);
  if (typeof key !== 'object' || key === null) {
    throw new TypeError(
      `key is ${typeof key}, expected bytes, PEM, JWK, CryptoKey or an object with signMessage`,
    );
  }
  if ('signMessage' in key) return key;
  if ('algorithm' in key) return cryptoKeySigner(key);
  throw new TypeError('key is an object of an unknown kind; a KeyObject needs createSigner of the udp part');
}

/** The 32 bytes of a key that shows them, undefined for one that does not. */
export function secretOf(key: PrivateKey): Uint8Array | undefined {
  let secret: Uint8Array | undefined;
  if (typeof key === 'string') secret = secretFromPem(key);
  else if (key instanceof Uint8Array) secret = Uint8Array.from(key);
  else if (typeof key === 'object' && key !== null && 'kty' in key) return secretFromJwk(key);
  if (secret) checkSecret(secret);
  return secret;
}

/** Deterministic signatures (RFC 6979), so that no random number can give the key away. */
function secretSigner(secret: Uint8Array): MessageSigner {
  return { signMessage: (message) => p256.sign(message, secret) };
}

function checkSecret(secret: Uint8Array): void {
  if (secret.length !== 32) throw badKey(`key is ${secret.length} bytes, expected 32`);
  if (!p256.utils.isValidSecretKey(secret)) throw badKey('key is 0 or not below the order of P-256');
}

function secretFromJwk({ kty, crv, d, x, y }: PrivateJwk): Uint8Array {
  if (kty !== 'EC' || crv !== 'P-256') throw badKey(`key is a JWK of ${kty} ${crv}, expected EC P-256`);
  if (typeof d !== 'string') throw badKey('key is a JWK without d: the public half cannot sign');
  const secret = fromBase64(d);
  checkSecret(secret);
  const own = toPublicJwk(p256.getPublicKey(secret, false));
  if ((x ?? own.x) !== own.x || (y ?? own.y) !== own.y)
    throw badKey('key is a JWK whose x, y do not fit its d');
  return secret;
}

function cryptoKeySigner(key: PrivateCryptoKey): MessageSigner {
  const { name, namedCurve } = key.algorithm as { name: string; namedCurve?: string };
  if (name !== 'ECDSA' || namedCurve !== 'P-256') {
    throw badKey(`key is a CryptoKey for ${name} ${namedCurve ?? ''}, expected ECDSA P-256`);
  }
  if (key.type !== 'private' || !key.usages.includes('sign')) {
    throw badKey(`key is a ${key.type} CryptoKey for [${key.usages}], expected a private one for sign`);
  }
  const subtle = subtleCrypto();
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  return { signMessage: async (message) => new Uint8Array(await subtle.sign(algorithm, key, message)) };
}

interface Subtle {
  sign(algorithm: object, key: PrivateCryptoKey, message: Uint8Array): Promise<ArrayBuffer>;
}

function subtleCrypto(): Subtle {
  const { crypto } = globalThis as unknown as { crypto?: { subtle?: Subtle } };
  if (crypto?.subtle) return crypto.subtle;
  throw badKey('key is a CryptoKey, and this runtime has no WebCrypto here (browsers: only over https)');
}

function badKey(message: string): SignedAuthError {
  return new SignedAuthError('ERR_SIGNED_AUTH_KEY', message);
}
