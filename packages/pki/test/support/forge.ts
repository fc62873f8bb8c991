import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/* Certificates built element by element, so that anything can be wrong in them. */

export type Bytes = Uint8Array | readonly number[];

export function tlv(tag: number, ...contents: Bytes[]): Buffer {
  const body = Buffer.concat(contents.map((part) => Buffer.from(part)));
  const { length } = body;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

export const sequence = (...parts: Bytes[]) => tlv(0x30, ...parts);
export const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'));
export const integer = (...bytes: number[]) => tlv(0x02, bytes);
const set = (...parts: Bytes[]) => tlv(0x31, ...parts);
const octets = (...parts: Bytes[]) => tlv(0x04, ...parts);
const bits = (unused: number, ...parts: Bytes[]) => tlv(0x03, [unused], ...parts);
export const text = (tag: number, value: string) => tlv(tag, Buffer.from(value, 'latin1'));

export const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
export const ECDSA_SHA384 = sequence(oid('2a8648ce3d040303'));

export function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid('550403'), text(0x0c, commonName))));
}

export const utcTime = (date: Date) => text(0x17, `${stamp(date).slice(2)}Z`);
export const longTime = (date: Date) => text(0x18, `${stamp(date)}Z`);
export const timeOf = (date: Date) => (date.getUTCFullYear() < 2050 ? utcTime(date) : longTime(date));

function stamp(date: Date): string {
  return date.toISOString().replace(/[-:T]|\..*/g, '');
}

export interface Pair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  readonly keyId: Buffer;
}

export function newPair(namedCurve = 'P-256'): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, spki, keyId: keyIdOf(spki) };
}

export function keyIdOf(spki: Buffer): Buffer {
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

/** An extension; value: what is in its OCTET STRING. */
export function extension(id: string, value: Bytes, critical = false): Buffer {
  return sequence(oid(id), critical ? [0x01, 0x01, 0xff] : [], octets(value));
}

export const subjectKey = (id: Bytes) => extension('551d0e', octets(id));
export const authorityKey = (id: Bytes) => extension('551d23', sequence(tlv(0x80, id)));
export const basicConstraints = (isCa: boolean, pathLength?: number, critical = true) =>
  extension(
    '551d13',
    sequence(isCa ? [0x01, 0x01, 0xff] : [], pathLength === undefined ? [] : integer(pathLength)),
    critical,
  );
/** digitalSignature 0x80, keyCertSign 0x04 and so on. */
export const keyUsage = (byte: number) => extension('551d0f', bits(trailingZeros(byte), [byte]), true);
export const purposes = (...ids: string[]) => extension('551d25', sequence(...ids.map(oid)));
export const CLIENT_AUTH = '2b06010505070302';
export const SERVER_AUTH = '2b06010505070301';
export const ANY_PURPOSE = '551d2500';
export const altNames = (names: readonly Bytes[], critical = false) =>
  extension('551d11', sequence(...names), critical);
export const dns = (name: string) => text(0x82, name);
export const uri = (name: string) => text(0x86, name);
export const ip = (...bytes: number[]) => tlv(0x87, bytes);

function trailingZeros(byte: number): number {
  return byte === 0 ? 0 : 31 - Math.clz32(byte & -byte);
}

/** All that is in a certificate; each part is DER already. */
export interface Parts {
  version: Bytes;
  serial: Bytes;
  algorithm: Bytes;
  issuer: Bytes;
  notBefore: Bytes;
  notAfter: Bytes;
  subject: Bytes;
  key: Bytes;
  /** Between the key and the extensions. */
  uniqueIds: Bytes;
  extensions: readonly Bytes[];
  /** Instead of the extensions, with their tag. */
  tail: Bytes | undefined;
  outerAlgorithm: Bytes;
  hash: string;
}

export interface Forged {
  readonly der: Uint8Array;
  readonly pair: Pair;
  readonly subject: Buffer;
}

let serials = 1;

export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;

/** A certificate of the subject, signed by the issuer, or by itself; changes: what is otherwise than it should be. */
export function forge(
  commonName: string,
  { issuer, isCa = false, pair = newPair() }: { issuer?: Forged; isCa?: boolean; pair?: Pair },
  changes: Partial<Parts> = {},
): Forged {
  const subject = nameOf(commonName);
  const signer = issuer?.pair ?? pair;
  const serial = serials++;
  const parts: Parts = {
    version: tlv(0xa0, integer(2)),
    serial: integer(0x40, (serial >> 16) & 0xff, (serial >> 8) & 0xff, serial & 0xff),
    algorithm: ECDSA_SHA256,
    issuer: issuer?.subject ?? subject,
    notBefore: timeOf(new Date(Date.now() - DAY_MS)),
    notAfter: timeOf(new Date(Date.now() + YEAR_MS)),
    subject,
    key: pair.spki,
    uniqueIds: [],
    extensions: isCa ? caExtensions(pair, signer) : leafExtensions(pair, signer),
    tail: undefined,
    outerAlgorithm: changes.algorithm ?? ECDSA_SHA256,
    hash: 'sha256',
    ...changes,
  };
  const tail = parts.tail ?? tlv(0xa3, sequence(...parts.extensions));
  const tbs = sequence(
    ...[parts.version, parts.serial, parts.algorithm, parts.issuer],
    ...[sequence(parts.notBefore, parts.notAfter), parts.subject, parts.key, parts.uniqueIds, tail],
  );
  const signature = sign(parts.hash, tbs, signer.privateKey);
  const der = new Uint8Array(sequence(tbs, parts.outerAlgorithm, bits(0, signature)));
  return { der, pair, subject: Buffer.from(parts.subject) };
}

export function caExtensions(pair: Pair, signer: Pair, pathLength?: number): Buffer[] {
  const usage = keyUsage(0x06);
  return [basicConstraints(true, pathLength), usage, subjectKey(pair.keyId), authorityKey(signer.keyId)];
}

export function leafExtensions(
  pair: Pair,
  signer: Pair,
  names: readonly Bytes[] = [dns('a.clients.example')],
): Buffer[] {
  return [
    ...[basicConstraints(false), keyUsage(0x80), purposes(CLIENT_AUTH)],
    ...[subjectKey(pair.keyId), authorityKey(signer.keyId), altNames(names)],
  ];
}

/** PKCS#8 PEM. */
export function pemOf({ privateKey }: Pair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

export function certificatePem({ der }: { der: Uint8Array }): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
