import type { AdmittedSource, GateEventRecord } from '@cryptbpf/core';
import { addressBytes, formatAddress } from '@cryptbpf/core/gate-client';
import type { Placed } from './authorities.js';
import { type Address, type PkiGrant, PkiNameKind } from './pki.gen.js';

/* What the gate tells of whom it let in, and of whom it trusts. */

/** The certificate that an admission rests on. */
export interface AdmittedCertificate {
  /** Subject of the authority that the chain ends at. */
  readonly authority: string;
  /** Of the certificate that this authority issued: the leaf's, or its intermediate's. Hexadecimal. */
  readonly serial: string;
  /** The subject alternative name that let it in, up to 128 bytes of it; undefined: it has none, and needs none. */
  readonly name: string | undefined;
  /** Identifier of the leaf's key, in hexadecimal; undefined: its certificate has none. */
  readonly subjectKeyId: string | undefined;
}

/** A source that may reach the protected ports. */
export interface AdmittedHolder extends AdmittedSource {
  readonly certificate: AdmittedCertificate | undefined;
}

/** Something that the gate told of. */
export interface PkiEvent extends GateEventRecord {
  /** Whose it was, when admitted. Names of certificates that were refused are anybody's invention, and not told. */
  readonly certificate: AdmittedCertificate | undefined;
}

/** Whom the gate trusts. */
export interface AuthorityInfo {
  readonly subject: string;
  /** Of it, and of those above it. */
  readonly notAfter: Date;
  /** Until when its list of revoked certificates is good; undefined: it has none. */
  readonly crlUntil: Date | undefined;
  readonly revoked: number;
  readonly hasTable: boolean;
}

/** Those of the admitted whose certificate lets them in at now, on the boot clock, with that certificate. */
export function toHolders(
  admitted: readonly AdmittedSource[],
  grants: readonly (readonly [Address, PkiGrant])[],
  placed: readonly Placed[],
  now: bigint,
): AdmittedHolder[] {
  const bySource = new Map(grants.map(([source, grant]) => [sourceKey(source), grant] as const));
  return admitted.flatMap((source) => {
    const grant = bySource.get(textKey(source.source));
    if (!grant || grant.expiresNs <= now) return [];
    const expiresIn = Number(grant.expiresNs - now) / 1e9;
    return [{ ...source, expiresIn, certificate: certificateOf(grant, placed) }];
  });
}

export function toAuthorityInfo({ certificate, notAfter, crl, hasTable }: Placed): AuthorityInfo {
  return {
    subject: certificate.subject.text,
    notAfter: new Date(notAfter * 1000),
    crlUntil: crl && new Date(crl.nextUpdate * 1000),
    revoked: crl?.serials.length ?? 0,
    hasTable,
  };
}

/** Whether an address lies in a prefix, or is that address. */
export function isWithin(address: string, prefix: string): boolean {
  const [base = '', length] = prefix.split('/');
  if (length === undefined) return address === base;
  const [a, b] = [addressBytes(address), addressBytes(base)];
  const bits = Number(length);
  return a.every((byte, i) => {
    const left = Math.min(8, Math.max(0, bits - 8 * i));
    return ((byte ^ b[i]!) & (0xff00 >> left) & 0xff) === 0;
  });
}

function certificateOf(
  { basis, shown: { kind, length, bytes }, keys }: PkiGrant,
  placed: readonly Placed[],
): AdmittedCertificate {
  const authority = placed.find(({ id }) => id === basis.id);
  return {
    authority: authority?.certificate.subject.text ?? '',
    serial: showId(basis.serial) ?? '',
    name: showName(kind, bytes.subarray(0, length)),
    subjectKeyId: showId(keys.id[0]!),
  };
}

function showId({ bytes, length }: { bytes: Uint8Array; length: number }): string | undefined {
  return length === 0 ? undefined : Buffer.from(bytes.subarray(0, length)).toString('hex');
}

function showName(kind: number, bytes: Uint8Array): string | undefined {
  if (kind === PkiNameKind.PKI_NAME_NONE) return undefined;
  if (kind === PkiNameKind.PKI_NAME_DNS || kind === PkiNameKind.PKI_NAME_URI)
    return Buffer.from(bytes).toString('latin1');
  const address = new Uint8Array(16);
  if (bytes.length === 4) address.set([0xff, 0xff], 10);
  address.set(bytes, 16 - bytes.length);
  return formatAddress(address);
}

function sourceKey({ high, low }: Address): string {
  return `${high}/${low}`;
}

function textKey(source: string): string {
  const bytes = addressBytes(source.replace(/\/.*$/, ''));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return sourceKey({ high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) });
}
