import { createPublicKey, type JsonWebKey, KeyObject, type webcrypto } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { BpfError } from '../errors.js';
import { jwkOf } from './jwk.js';

/**
 * A public P-256 key: PEM (SPKI, or a certificate), a JWK, SEC 1 bytes (65, or 33 compressed), a CryptoKey or a
 * KeyObject.
 */
export type P256PublicKey = string | JsonWebKey | Uint8Array | webcrypto.CryptoKey | KeyObject;

/** The same key, in the forms that are needed here. */
export interface P256KeyForms {
  /** 0x04 || x || y, 65 bytes. */
  readonly point: Uint8Array;
  readonly keyObject: KeyObject;
}

/** Reads a public key, in whichever form. Throws ERR_BAD_VALUE, also for a private one: it has no business at a gate. */
export function p256PublicKey(key: P256PublicKey): P256KeyForms {
  const keyObject = toKeyObject(key);
  const { x, y, crv } = jwkOf(keyObject);
  if (crv !== 'P-256' || !x || !y)
    throw badKey(`is of ${crv ?? keyObject.asymmetricKeyType}, expected P-256`);
  const parts = [Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return { point: new Uint8Array(Buffer.concat(parts)), keyObject };
}

function toKeyObject(key: P256PublicKey): KeyObject {
  if (key instanceof KeyObject) return publicOnly(key);
  if (key instanceof Uint8Array) return fromPoint(key);
  if (typeof key === 'string') return fromPem(key);
  if (typeof key !== 'object' || key === null) throw badKey(`is ${typeof key}`);
  if ('kty' in key) return fromJwk(key as JsonWebKey);
  return publicOnly(attempt(() => KeyObject.from(key as webcrypto.CryptoKey)));
}

function fromPem(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw privateKey();
  return attempt(() => createPublicKey(pem));
}

function fromJwk(jwk: JsonWebKey): KeyObject {
  if (jwk.d !== undefined) throw privateKey();
  return attempt(() => createPublicKey({ format: 'jwk', key: jwk }));
}

function fromPoint(bytes: Uint8Array): KeyObject {
  const point = attempt(() => p256.Point.fromBytes(bytes).toBytes(false));
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  return fromJwk({ kty: 'EC', crv: 'P-256', x: x!, y: y! });
}

/** A secret has no business at the gate. */
function publicOnly(key: KeyObject): KeyObject {
  if (key.type === 'public') return key;
  throw key.type === 'private' ? privateKey() : badKey(`is a ${key.type} key`);
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw badKey('cannot be read: expected PEM, a JWK, SEC 1 bytes, a CryptoKey or a KeyObject', cause);
  }
}

function privateKey(): BpfError {
  return badKey('is a private one: give its public half, and keep the private one away from here');
}

function badKey(what: string, cause?: unknown): BpfError {
  return new BpfError('ERR_BAD_VALUE', `public key ${what}`, { cause });
}
