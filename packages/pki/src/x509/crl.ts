import { BpfError } from '@cryptbpf/core';
import { Reason } from '../pki.gen.js';
import { signatureHolds } from '../signatures.js';
import { Der, Refusal, Tag } from './der.js';
import { type Name, readName } from './name.js';
import { timeOf } from './time.js';

const CRL_NUMBER = '551d14';
const AUTHORITY_KEY_ID = '551d23';
const REASON_CODE = '551d15';
const INVALIDITY_DATE = '551d18';

/** A list of revoked certificates (RFC 5280, 5) that was read; its issuer may say whether it holds. */
export interface Crl {
  readonly issuer: Name;
  readonly authorityKey: Uint8Array | undefined;
  /** Unix time in seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly serials: readonly Uint8Array[];
  readonly algorithm: string;
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
}

/** Throws ERR_BAD_VALUE for what is no complete list of its issuer's own certificates. */
export function readCrl(bytes: Uint8Array): Crl {
  try {
    return read(new Der(bytes));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new BpfError('ERR_BAD_VALUE', `revocation list cannot be used: ${error.message}`, { cause: error });
  }
}

/** Whether it is signed by that key (SubjectPublicKeyInfo). */
export function crlHolds(crl: Crl, publicKey: Uint8Array): boolean {
  return signatureHolds(crl.tbs, crl.signature, { algorithm: crl.algorithm, publicKey });
}

function read(der: Der): Crl {
  const parts = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT));
  der.finish(Reason.DROP_CERT_DER);
  const signed = parts.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT);
  const algorithm = readAlgorithm(parts);
  const signature = parts.contents(parts.take(Tag.BIT_STRING, Reason.DROP_CERT_FORMAT)).subarray(1);
  parts.finish(Reason.DROP_CERT_FORMAT);
  const list = parts.enter(signed);
  if (list.contents(list.take(Tag.INTEGER, Reason.DROP_CERT_VERSION))[0] !== 1)
    throw new Refusal(Reason.DROP_CERT_VERSION);
  if (readAlgorithm(list) !== algorithm) throw new Refusal(Reason.DROP_CERT_ALGORITHMS);
  const issuer = readName(list);
  const thisUpdate = timeOf(list, list.next());
  const nextUpdate = timeOf(list, list.next());
  const serials = list.isNext(Tag.SEQUENCE) ? readEntries(list.enter(list.next())) : [];
  const authorityKey = list.hasMore ? readExtensions(list) : undefined;
  list.finish(Reason.DROP_CERT_FORMAT);
  const tbs = parts.whole(signed);
  return { issuer, authorityKey, thisUpdate, nextUpdate, serials, algorithm, tbs, signature };
}

function readAlgorithm(der: Der): string {
  const identifier = der.enter(der.take(Tag.SEQUENCE, Reason.DROP_CERT_ALGORITHM));
  return hex(identifier.contents(identifier.take(Tag.OID, Reason.DROP_CERT_ALGORITHM)));
}

function readEntries(list: Der): Uint8Array[] {
  const serials: Uint8Array[] = [];
  while (list.hasMore) {
    const entry = list.enter(list.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT));
    serials.push(entry.contents(entry.take(Tag.INTEGER, Reason.DROP_CERT_FORMAT)));
    timeOf(entry, entry.next());
    if (entry.hasMore) readList(entry.enter(entry.next()), [REASON_CODE, INVALIDITY_DATE]);
  }
  return serials;
}

/** Neither a delta nor one for another issuer or for some reasons only: those say so critically. */
function readExtensions(list: Der): Uint8Array | undefined {
  const holder = list.enter(list.take(Tag.CONTEXT_HOLDS, Reason.DROP_CERT_FORMAT));
  const extensions = holder.enter(holder.take(Tag.SEQUENCE, Reason.DROP_CERT_FORMAT));
  const found = readList(extensions, [CRL_NUMBER, AUTHORITY_KEY_ID]);
  const value = found.get(AUTHORITY_KEY_ID);
  if (!value) return undefined;
  const outer = new Der(value);
  const key = outer.enter(outer.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
  return key.isNext(Tag.CONTEXT) ? key.contents(key.next()) : undefined;
}

function readList(list: Der, understood: readonly string[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  while (list.hasMore) {
    const extension = list.enter(list.take(Tag.SEQUENCE, Reason.DROP_CERT_EXTENSION));
    const id = hex(extension.contents(extension.take(Tag.OID, Reason.DROP_CERT_EXTENSION)));
    const isCritical = extension.isNext(Tag.BOOLEAN) && extension.contents(extension.next())[0] !== 0;
    if (isCritical && !understood.includes(id)) throw new Refusal(Reason.DROP_CERT_CRITICAL);
    found.set(id, extension.contents(extension.take(Tag.OCTET_STRING, Reason.DROP_CERT_EXTENSION)));
  }
  return found;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
