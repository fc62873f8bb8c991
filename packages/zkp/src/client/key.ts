import { p256 } from '@noble/curves/nist.js';
import { ZkpError } from './errors.js';

/** A private P-256 key as RFC 7517 and 7518 write it. */
export interface PrivateJwk {
  kty: string;
  crv?: string;
  d?: string;
}

/** A private P-256 key: 32 bytes, or a JWK. One for proofs alone: signatures want a key of their own. */
export type PrivateKey = Uint8Array | PrivateJwk;

export interface KeyPair {
  /** For who proves: 32 bytes. */
  secretKey: Uint8Array;
  /** For the gate: 65 bytes. */
  publicKey: Uint8Array;
}

/**
 * Makes a P-256 key pair from the runtime's random numbers.
 *
 * @example
 * import { generateKey } from '@cryptbpf/zkp/client';
 * const { secretKey, publicKey } = generateKey();
 */
export function generateKey(): KeyPair {
  const secretKey = p256.utils.randomSecretKey();
  return { secretKey, publicKey: p256.getPublicKey(secretKey, false) };
}

/** A copy of the 32 bytes. @throws ZkpError `ERR_ZKP_KEY`, TypeError */
export function secretOf(key: PrivateKey): Uint8Array {
  const secret = key instanceof Uint8Array ? key.slice() : fromJwk(key);
  if (secret.length !== 32) throw badKey(`is ${secret.length} bytes, expected 32`);
  if (!p256.utils.isValidSecretKey(secret)) throw badKey('is 0 or not below the order of P-256');
  return secret;
}

function fromJwk(key: PrivateJwk): Uint8Array {
  if (typeof key !== 'object' || key === null)
    throw new TypeError(`key is ${typeof key}, expected bytes or a JWK`);
  const { kty, crv, d } = key;
  if (kty !== 'EC' || crv !== 'P-256') throw badKey(`is a JWK of ${kty} ${crv}, expected EC P-256`);
  if (typeof d !== 'string') throw badKey('is a JWK without d: the public half cannot prove');
  return fromBase64Url(d);
}

function fromBase64Url(text: string): Uint8Array {
  const { atob } = globalThis as unknown as { atob(text: string): string };
  try {
    const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    throw badKey('is a JWK whose d is no base64url');
  }
}

function badKey(what: string): ZkpError {
  return new ZkpError('ERR_ZKP_KEY', `key ${what}`);
}
