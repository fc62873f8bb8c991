import { createPublicKey, type JsonWebKey, KeyObject, type webcrypto } from 'node:crypto';
import { BpfError } from '@cryptbpf/core';
import { p256 } from '@noble/curves/nist.js';

/**
 * A public P-256 key: PEM (SPKI, or a certificate), a JWK, SEC 1 bytes (65, or 33 compressed), a CryptoKey or a
 * KeyObject.
 */
export type PublicKey = string | JsonWebKey | Uint8Array | webcrypto.CryptoKey | KeyObject;

/** A key whose packets the gate lets through. */
export interface TrustedKey {
  /** 0 to 65535; not secret. What packets say by whom they are signed. */
  id: number;
  key: PublicKey;
  /** Until when, as a Date or in Unix milliseconds, rounded down to seconds. Default: for ever. */
  expires?: Date | number;
}

/** The same key, in the forms that are needed here. */
export interface KeyForms {
  /** 0x04 || x || y, 65 bytes. */
  readonly point: Uint8Array;
  readonly keyObject: KeyObject;
}

const MAX_ID = 0xffff;
/** As the kernel has it: for ever. */
export const EVER = 2n ** 64n - 1n;

/** Throws ERR_BAD_VALUE. */
export function readPublicKey(key: PublicKey): KeyForms {
  const keyObject = toKeyObject(key);
  const { x, y, crv } = keyObject.export({ format: 'jwk' });
  if (crv !== 'P-256' || !x || !y)
    throw badKey(`is of ${crv ?? keyObject.asymmetricKeyType}, expected P-256`);
  const parts = [Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
  return { point: new Uint8Array(Buffer.concat(parts)), keyObject };
}

export function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return;
  throw new BpfError('ERR_BAD_VALUE', `key id is ${id}, expected an integer from 0 to ${MAX_ID}`);
}

/** Unix time in seconds, EVER for undefined. Throws ERR_BAD_VALUE. */
export function expirySeconds(expires: Date | number | undefined): bigint {
  if (expires === undefined) return EVER;
  const ms = Number(expires);
  if (Number.isFinite(ms) && ms >= 0) return BigInt(Math.floor(ms / 1000));
  throw new BpfError('ERR_BAD_VALUE', `key expires at ${expires}, expected a Date or Unix milliseconds`);
}

function toKeyObject(key: PublicKey): KeyObject {
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
