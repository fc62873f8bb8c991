import { p256 } from '@noble/curves/nist.js';
import { publicToPem, secretToPem, toBase64 } from './pem.js';

/** A private P-256 key as RFC 7517 and 7518 write it. `x` and `y` may be missing; if they are there, they must fit. */
export interface PrivateJwk {
  kty: string;
  crv?: string;
  d?: string;
  x?: string;
  y?: string;
}

/** A type, not an interface: node:crypto's takes it as a JsonWebKey. */
export type PublicJwk = { kty: 'EC'; crv: 'P-256'; x: string; y: string };

/** One key pair, in each form that this package and its peers take. */
export interface KeyPair {
  /** The private key, 32 bytes. */
  secretKey: Uint8Array;
  /** The public key, uncompressed: 65 bytes. */
  publicKey: Uint8Array;
  privateJwk: PublicJwk & { d: string };
  publicJwk: PublicJwk;
  /** PKCS#8. */
  privatePem: string;
  /** SubjectPublicKeyInfo. */
  publicPem: string;
}

/**
 * Makes a P-256 key pair from the runtime's random numbers. The private half is for the sender, the public
 * half for the gate.
 *
 * @example
 * import { generateKey } from '@cryptbpf/signed-auth/client';
 * const { privatePem, publicPem } = generateKey();
 */
export function generateKey(): KeyPair {
  const secretKey = p256.utils.randomSecretKey();
  const publicKey = p256.getPublicKey(secretKey, false);
  const publicJwk = toPublicJwk(publicKey);
  return {
    secretKey,
    publicKey,
    publicJwk,
    privateJwk: { ...publicJwk, d: toBase64Url(secretKey) },
    privatePem: secretToPem(secretKey, publicKey),
    publicPem: publicToPem(publicKey),
  };
}

/** Of an uncompressed key of 65 bytes. */
export function toPublicJwk(publicKey: Uint8Array): PublicJwk {
  const x = toBase64Url(publicKey.subarray(1, 33));
  const y = toBase64Url(publicKey.subarray(33, 65));
  return { kty: 'EC', crv: 'P-256', x, y };
}

function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
