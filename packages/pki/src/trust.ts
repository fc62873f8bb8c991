import { createHash } from 'node:crypto';
import { BpfError } from '@cryptbpf/core';
import { signatureHolds } from './signatures.js';
import { type Certificate, readCertificate } from './x509/certificate.js';
import { type Crl, crlHolds, readCrl } from './x509/crl.js';
import { Refusal } from './x509/der.js';
import { Extension } from './x509/extensions.js';

/* Whom the operator trusts, out of certificates and lists, before any of it reaches the kernel. */

const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;

/** An anchor, or an intermediate below one. */
export interface Authority {
  readonly certificate: Certificate;
  /** SHA-256 of its name, and its key identifier: by what certificates find it. */
  readonly name: Uint8Array;
  readonly keyId: Uint8Array;
  /** CAs that may follow; Infinity: any number. */
  readonly pathLength: number;
  /** Of it and those above it; Unix time in seconds. */
  readonly notAfter: number;
  readonly crl: Crl | undefined;
}

export interface TrustSources {
  readonly anchors: readonly Uint8Array[];
  readonly intermediates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

/** Throws ERR_BAD_VALUE for whatever does not hold, at nowS (Unix time in seconds). */
export function resolveTrust({ anchors, intermediates, crls }: TrustSources, nowS: number): Authority[] {
  const lists = crls.map(readCrl);
  const authorities = new Map<string, Authority>();
  for (const bytes of anchors) {
    const certificate = readCa(bytes, nowS);
    const { pathLength, notAfter } = certificate;
    add(authorities, toAuthority(certificate, pathLength, notAfter), lists);
  }
  let left = intermediates.map((bytes) => readCa(bytes, nowS));
  while (left.length > 0) {
    const later = left.filter((certificate) => !addBelow(authorities, certificate, lists));
    if (later.length === left.length)
      throw bad(later[0]!, 'is issued by none of the anchors and intermediates');
    left = later;
  }
  checkUsed(lists, authorities);
  return [...authorities.values()];
}

/** SHA-256 of a name's contents, and a key identifier, as one string. */
export function identityOf(name: Uint8Array, keyId: Uint8Array): string {
  return `${hex(name)}/${hex(keyId)}`;
}

export function nameDigest(contents: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(contents).digest());
}

/** Whether a certificate is signed by an issuer's key. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { tbs, signature, algorithm } = certificate;
  return signatureHolds(tbs, signature, { algorithm, publicKey: issuer.publicKey });
}

function readCa(bytes: Uint8Array, nowS: number): Certificate {
  const certificate = readCertificateOf(bytes);
  const { isCa, keyUsage, seen, clientAuth, notBefore, notAfter } = certificate;
  if (!isCa) throw bad(certificate, 'is no CA');
  if (certificate.subject.bytes.length === 0) throw bad(certificate, 'has no subject');
  if (seen.has(Extension.KEY_USAGE) && !(keyUsage & KEY_CERT_SIGN))
    throw bad(certificate, 'must not sign certificates');
  if (seen.has(Extension.EXTENDED_KEY_USAGE) && !clientAuth)
    throw bad(certificate, 'is for other purposes than clients');
  if (notBefore > nowS || notAfter < nowS) throw bad(certificate, 'is not valid now');
  return certificate;
}

/** Throws ERR_BAD_VALUE for what is no certificate. */
export function readCertificateOf(bytes: Uint8Array): Certificate {
  try {
    return readCertificate(bytes, { strict: false });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new BpfError('ERR_BAD_VALUE', `a certificate cannot be used: ${error.message}`, {
      cause: error,
    });
  }
}

function toAuthority(certificate: Certificate, pathLength: number, notAfter: number): Authority {
  const name = nameDigest(certificate.subject.bytes);
  /* RFC 5280, 4.2.1.2, method 1: what others say of a key whose certificate says nothing. */
  const keyId = certificate.subjectKey ?? sha1(keyBits(certificate.publicKey));
  return { certificate, name, keyId, pathLength, notAfter, crl: undefined };
}

function addBelow(
  authorities: Map<string, Authority>,
  certificate: Certificate,
  crls: readonly Crl[],
): boolean {
  const { issuer, authorityKey } = certificate;
  if (!authorityKey) throw bad(certificate, 'has no authority key identifier');
  const parent = authorities.get(identityOf(nameDigest(issuer.bytes), authorityKey));
  if (!parent) return false;
  if (!isSignedBy(certificate, parent.certificate)) throw bad(certificate, 'is not signed by its issuer');
  if (parent.pathLength === 0) throw bad(certificate, 'is one CA too many below its issuer');
  if (parent.crl?.serials.some((serial) => Buffer.compare(serial, certificate.serial) === 0)) return true;
  const pathLength = Math.min(certificate.pathLength, parent.pathLength - 1);
  add(
    authorities,
    toAuthority(certificate, pathLength, Math.min(certificate.notAfter, parent.notAfter)),
    crls,
  );
  return true;
}

/** A CA whose certificate was renewed with the same key is one authority: the one that lasts longer. */
function add(authorities: Map<string, Authority>, authority: Authority, crls: readonly Crl[]): void {
  const id = identityOf(authority.name, authority.keyId);
  const other = authorities.get(id);
  if (other && Buffer.compare(other.certificate.publicKey, authority.certificate.publicKey) !== 0)
    throw bad(authority.certificate, 'has the name and the key identifier of another one');
  if (other && other.notAfter >= authority.notAfter) return;
  authorities.set(id, { ...authority, crl: crlOf(authority, crls) });
}

/** The latest list that the authority issued. */
function crlOf(authority: Authority, crls: readonly Crl[]): Crl | undefined {
  return crls.filter((crl) => isIssuedBy(crl, authority)).sort((a, b) => b.thisUpdate - a.thisUpdate)[0];
}

/** By its name and key, and by somebody who may sign lists. */
function isIssuedBy(crl: Crl, authority: Authority): boolean {
  const { seen, keyUsage, publicKey } = authority.certificate;
  const maySign = !seen.has(Extension.KEY_USAGE) || (keyUsage & CRL_SIGN) !== 0;
  return maySign && isNamedBy(crl, authority) && crlHolds(crl, publicKey);
}

/** Whether it names that authority as its issuer: a list, or a certificate. */
export function isNamedBy(
  { issuer, authorityKey }: Pick<Crl, 'issuer' | 'authorityKey'>,
  { certificate, keyId }: Authority,
): boolean {
  const isIssuer = Buffer.compare(issuer.bytes, certificate.subject.bytes) === 0;
  return isIssuer && (!authorityKey || Buffer.compare(authorityKey, keyId) === 0);
}

/** A list that nobody here issued is a mistake, and not one to find out when it matters. */
function checkUsed(crls: readonly Crl[], authorities: ReadonlyMap<string, Authority>): void {
  const foreign = crls.find(
    (crl) => ![...authorities.values()].some((authority) => isIssuedBy(crl, authority)),
  );
  if (!foreign) return;
  const message = `the revocation list of "${foreign.issuer.text}" is signed by none of the anchors and intermediates that may: name its issuer, or leave it out`;
  throw new BpfError('ERR_BAD_VALUE', message);
}

/** The bits of a SubjectPublicKeyInfo: what is in its last element, without the byte of unused bits. */
function keyBits(publicKey: Uint8Array): Uint8Array {
  const isLong = publicKey[1]! >= 0x80;
  const start = isLong ? 2 + (publicKey[1]! & 0x7f) : 2;
  const algorithm = start + 2 + publicKey[start + 1]!;
  const length = publicKey[algorithm + 1]!;
  const header = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return publicKey.subarray(algorithm + header + 1);
}

function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha1').update(bytes).digest());
}

function bad({ subject }: Certificate, what: string): BpfError {
  return new BpfError('ERR_BAD_VALUE', `certificate "${subject.text}" ${what}`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
