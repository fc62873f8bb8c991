import { createHash, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { transcript } from './client/holder.js';
import { encodeCertificates } from './client/message.js';
import { nameKey, ruleTakes } from './names.js';
import { type PkiName, PkiNameKind, Reason } from './pki.gen.js';
import { hashOf } from './signatures.js';
import { identityOf, nameDigest } from './trust.js';
import { type Certificate, readCertificate } from './x509/certificate.js';
import { Der, Refusal } from './x509/der.js';
import { Extension } from './x509/extensions.js';

/* bpf/lib/pki_chain.h in TypeScript: for what the kernel does not verify, and to compare both. */

const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
const NAMES_MAX = 32;
const LEAST_RSA_BITS = 2048;
const OTHER_NAMES: readonly number[] = [0xa0, 0x81, 0xa3, 0xa4, 0xa5, 0x88];

/** Whom to trust, and what to ask for. */
export interface Policy<Authority extends TrustedAuthority = TrustedAuthority> {
  readonly authorities: readonly Authority[];
  /** undefined: any name. */
  readonly rules: readonly PkiName[] | undefined;
  readonly requireCrl: boolean;
  readonly audience: Uint8Array;
  /** Unix time in seconds. */
  readonly nowS: number;
  /** Only what the kernel verifies. */
  readonly strict: boolean;
}

export interface TrustedAuthority {
  readonly certificate: Certificate;
  readonly name: Uint8Array;
  readonly keyId: Uint8Array;
  readonly pathLength: number;
  readonly notAfter: number;
  readonly crl: { readonly nextUpdate: number; readonly serials: readonly Uint8Array[] } | undefined;
}

/** What a source presents. */
export interface Claim {
  /** DER, the leaf first. */
  readonly certificates: readonly Uint8Array[];
  readonly signature: Uint8Array;
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  /** 16 bytes. */
  readonly source: Uint8Array;
}

/** What an admission would rest on. */
export interface Verified<Authority> {
  readonly authority: Authority;
  /** Of the certificate that it issued itself. */
  readonly serial: Uint8Array;
  /** Of the whole chain; Unix time in seconds. */
  readonly notAfter: number;
  readonly shown: ShownName | undefined;
  /** Identifiers of the keys that it rests on: the leaf's, if it has one, and those of the issuers, from below. */
  readonly keys: readonly (Uint8Array | undefined)[];
}

export interface ShownName {
  readonly kind: PkiNameKind;
  readonly bytes: Uint8Array;
}

/** Throws Refusal with the reason that the kernel would give. */
export function verifyChain<Authority extends TrustedAuthority>(
  claim: Claim,
  policy: Policy<Authority>,
): Verified<Authority> {
  const { strict } = policy;
  const chain = claim.certificates.map((der) => readCertificate(der, { strict }));
  const { authority, at } = findAuthority(chain, policy);
  const own = chain.slice(0, at + 1);
  checkRevocation(authority, own[at]!, policy);
  const notAfter = walk(own, authority, policy.nowS);
  const shown = checkNames(own[0]!, policy.rules);
  checkSignatures(own, authority);
  checkHolder(own[0]!, claim, policy);
  const keys = [own[0]!.subjectKey, ...own.map(({ authorityKey }) => authorityKey)];
  return { authority, serial: own[at]!.serial, notAfter, shown, keys };
}

/** The chain ends at the first certificate that an authority issued. */
function findAuthority<Authority extends TrustedAuthority>(
  chain: readonly Certificate[],
  { authorities }: Policy<Authority>,
): { authority: Authority; at: number } {
  for (const [at, { issuer, authorityKey }] of chain.entries()) {
    if (!authorityKey) throw new Refusal(Reason.DROP_CERT_KEY_ID);
    const id = identityOf(nameDigest(issuer.bytes), authorityKey);
    const authority = authorities.find(({ name, keyId }) => identityOf(name, keyId) === id);
    if (authority) return { authority, at };
  }
  throw new Refusal(Reason.DROP_CERT_UNTRUSTED);
}

function checkRevocation(
  { crl }: TrustedAuthority,
  { serial }: Certificate,
  { requireCrl, nowS }: Policy,
): void {
  if (!crl && requireCrl) throw new Refusal(Reason.DROP_CRL_MISSING);
  if (!crl) return;
  if (nowS > crl.nextUpdate) throw new Refusal(Reason.DROP_CRL_STALE);
  if (crl.serials.some((revoked) => Buffer.compare(revoked, serial) === 0))
    throw new Refusal(Reason.DROP_CERT_REVOKED);
}

/** From the authority down. Returns until when all of them are valid. */
function walk(chain: readonly Certificate[], authority: TrustedAuthority, nowS: number): number {
  if (authority.notAfter < nowS) throw new Refusal(Reason.DROP_CERT_EXPIRED);
  let issuer: string = identityOf(authority.name, authority.keyId);
  let left = authority.pathLength;
  for (const [depth, c] of [...chain].reverse().entries()) {
    const isLeaf = depth === chain.length - 1;
    if (!c.authorityKey) throw new Refusal(Reason.DROP_CERT_KEY_ID);
    if (identityOf(nameDigest(c.issuer.bytes), c.authorityKey) !== issuer)
      throw new Refusal(Reason.DROP_CERT_ISSUER);
    if (nowS < c.notBefore) throw new Refusal(Reason.DROP_CERT_NOT_YET);
    if (nowS > c.notAfter) throw new Refusal(Reason.DROP_CERT_EXPIRED);
    if (isLeaf) {
      checkLeaf(c);
      continue;
    }
    checkCa(c);
    if (left === 0) throw new Refusal(Reason.DROP_CERT_PATH_LENGTH);
    left = Math.min(c.pathLength, left - 1);
    issuer = identityOf(nameDigest(c.subject.bytes), c.subjectKey!);
  }
  return Math.min(authority.notAfter, ...chain.map(({ notAfter }) => notAfter));
}

function checkCa(c: Certificate): void {
  if (!c.isCa || !c.critical.has(Extension.BASIC_CONSTRAINTS)) throw new Refusal(Reason.DROP_CERT_NOT_CA);
  if (!(c.keyUsage & KEY_CERT_SIGN)) throw new Refusal(Reason.DROP_CERT_KEY_USAGE);
  if (c.seen.has(Extension.EXTENDED_KEY_USAGE) && !c.clientAuth) throw new Refusal(Reason.DROP_CERT_PURPOSE);
  if (c.subject.bytes.length === 0) throw new Refusal(Reason.DROP_CERT_NAME);
  if (!c.subjectKey) throw new Refusal(Reason.DROP_CERT_KEY_ID);
}

function checkLeaf(c: Certificate): void {
  if (c.isCa) throw new Refusal(Reason.DROP_CERT_IS_CA);
  const usage = c.keyUsage & (DIGITAL_SIGNATURE | KEY_CERT_SIGN);
  if (c.seen.has(Extension.KEY_USAGE) && usage !== DIGITAL_SIGNATURE)
    throw new Refusal(Reason.DROP_CERT_KEY_USAGE);
  if (!c.clientAuth) throw new Refusal(Reason.DROP_CERT_PURPOSE);
  if (c.subject.bytes.length === 0 && !c.critical.has(Extension.ALT_NAME))
    throw new Refusal(Reason.DROP_CERT_NAME);
}

/* ---- names ---- */

/** The first one that is asked for. */
function checkNames({ der, altNames }: Certificate, rules: Policy['rules']): ShownName | undefined {
  let shown: ShownName | undefined;
  if (altNames) {
    const list = new Der(der, altNames.start, altNames.stop);
    for (let i = 0; i < NAMES_MAX && list.hasMore; i++) {
      const name = readAltName(list);
      if (name && !shown && isAskedFor(name, rules)) shown = name;
    }
    list.finish(Reason.DROP_CERT_ALT_NAME);
  }
  if (rules && !shown) throw new Refusal(Reason.DROP_CERT_NO_MATCH);
  return shown;
}

function readAltName(list: Der): ShownName | undefined {
  try {
    const element = list.next();
    const bytes = list.contents(element);
    if (element.tag === 0x82) return { kind: PkiNameKind.PKI_NAME_DNS, bytes: checkText(bytes) };
    if (element.tag === 0x86) return { kind: PkiNameKind.PKI_NAME_URI, bytes: checkText(bytes) };
    if (element.tag === 0x87 && bytes.length === 4) return { kind: PkiNameKind.PKI_NAME_IPV4, bytes };
    if (element.tag === 0x87 && bytes.length === 16) return { kind: PkiNameKind.PKI_NAME_IPV6, bytes };
    if (OTHER_NAMES.includes(element.tag)) return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new Refusal(Reason.DROP_CERT_ALT_NAME);
}

function checkText(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f)) return bytes;
  throw new Refusal(Reason.DROP_CERT_ALT_NAME);
}

function isAskedFor({ kind, bytes }: ShownName, rules: Policy['rules']): boolean {
  const key = nameKey(kind, bytes);
  return key !== undefined && (rules === undefined || rules.some((rule) => ruleTakes(rule, key)));
}

/* ---- signatures ---- */

function checkSignatures(chain: readonly Certificate[], authority: TrustedAuthority): void {
  for (const [i, c] of [...chain.entries()].reverse()) {
    const { publicKey } = chain[i + 1] ?? authority.certificate;
    if (!isSigned(c, publicKey)) throw new Refusal(Reason.DROP_CERT_SIGNATURE);
  }
}

/** By OpenSSL's own reading of the certificate, with none of the algorithms that are too weak. */
function isSigned(c: Certificate, publicKey: Uint8Array): boolean {
  try {
    const key = keyOf(publicKey);
    return hashOf(c.algorithm) !== undefined && isStrong(key) && new X509Certificate(c.der).verify(key);
  } catch {
    return false; // a key or a certificate that OpenSSL cannot read
  }
}

function checkHolder(leaf: Certificate, claim: Claim, { audience }: Policy): void {
  const certificates = createHash('sha256').update(encodeCertificates(claim.certificates)).digest();
  const message = transcript(audience, claim.challenge, claim.source, new Uint8Array(certificates));
  if (!isHolders(message, claim.signature, leaf.publicKey)) throw new Refusal(Reason.DROP_PROOF);
}

/** ECDSA as r || s, with SHA-384 on P-384 and SHA-256 else; RSA with PKCS #1 v1.5. */
function isHolders(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    const key = keyOf(publicKey);
    const hash = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
    return isStrong(key) && verify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function keyOf(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'rsa') return modulusLength >= LEAST_RSA_BITS;
  return namedCurve === 'prime256v1' || namedCurve === 'secp384r1';
}
