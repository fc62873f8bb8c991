import { DerReader, der, Tag } from './der.js';
import { SignedAuthError } from './errors.js';

/** id-ecPublicKey, and secp256r1 (RFC 5480). */
const EC_PUBLIC_KEY = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\sA-Za-z0-9+/=]*)-----END \1-----/g;

/** The 32 bytes of the private key in a PEM text: PKCS#8, or SEC 1 as `openssl ecparam -genkey` writes it. */
export function secretFromPem(text: string): Uint8Array {
  for (const [, label, body] of text.matchAll(BLOCK)) {
    if (label === 'PRIVATE KEY') return fromPkcs8(fromBase64(body!));
    if (label === 'EC PRIVATE KEY') return fromSec1(new DerReader(fromBase64(body!)), false);
    if (label === 'ENCRYPTED PRIVATE KEY') throw notSupported('it is encrypted; decrypt it first');
  }
  throw notSupported('it has no BEGIN PRIVATE KEY');
}

/** PKCS#8 (RFC 5958) around the key of SEC 1, with its public half. */
export function secretToPem(secret: Uint8Array, publicKey: Uint8Array): string {
  const version = der(Tag.INTEGER, [1]);
  const publicBits = der(0xa1, der(0x03, [0], publicKey));
  const key = der(Tag.SEQUENCE, version, der(Tag.OCTET_STRING, secret), publicBits);
  const pkcs8 = der(Tag.SEQUENCE, der(Tag.INTEGER, [0]), algorithm(), der(Tag.OCTET_STRING, key));
  return toPem('PRIVATE KEY', pkcs8);
}

/** SubjectPublicKeyInfo (RFC 5480) of an uncompressed key of 65 bytes. */
export function publicToPem(publicKey: Uint8Array): string {
  return toPem('PUBLIC KEY', der(Tag.SEQUENCE, algorithm(), der(0x03, [0], publicKey)));
}

function algorithm(): number[] {
  return der(Tag.SEQUENCE, der(Tag.OID, EC_PUBLIC_KEY), der(Tag.OID, P256));
}

function fromPkcs8(bytes: Uint8Array): Uint8Array {
  const info = new DerReader(bytes).enter(Tag.SEQUENCE);
  info.take(Tag.INTEGER);
  const identifier = info.enter(Tag.SEQUENCE);
  if (!equal(identifier.take(Tag.OID), EC_PUBLIC_KEY))
    throw notSupported('it is not a key of an elliptic curve');
  checkCurve(identifier);
  return fromSec1(info.enter(Tag.OCTET_STRING), true);
}

/** ECPrivateKey (RFC 5915), which names its curve where nothing around it does. */
function fromSec1(reader: DerReader, isCurveKnown: boolean): Uint8Array {
  const key = reader.enter(Tag.SEQUENCE);
  key.take(Tag.INTEGER);
  const secret = key.take(Tag.OCTET_STRING).slice();
  if (key.has(0xa0)) checkCurve(key.enter(0xa0));
  else if (!isCurveKnown) throw notSupported('it does not name its curve');
  return secret;
}

function checkCurve(reader: DerReader): void {
  if (!equal(reader.take(Tag.OID), P256)) throw notSupported('its curve is not P-256');
}

function toPem(label: string, bytes: number[]): string {
  const lines = toBase64(Uint8Array.from(bytes)).match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Of base64 and base64url. @throws SignedAuthError `ERR_SIGNED_AUTH_KEY` when it is neither. */
export function fromBase64(text: string): Uint8Array {
  try {
    const binary = atob(text.replace(/\s/g, '').replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new SignedAuthError('ERR_SIGNED_AUTH_KEY', 'the key is not valid base64', { cause });
  }
}

function equal(a: Uint8Array, b: number[]): boolean {
  return a.length === b.length && b.every((byte, i) => byte === a[i]);
}

function notSupported(why: string): SignedAuthError {
  return new SignedAuthError('ERR_SIGNED_AUTH_KEY', `the PEM holds no private P-256 key: ${why}`);
}
