import { BpfError } from '@cryptbpf/core';
import type { Placed } from './authorities.js';
import type { AdmittedCertificate } from './records.js';
import { type CertificateSource, readSources } from './sources.js';
import { isNamedBy, readCertificateOf } from './trust.js';

/* What an operator names when he revokes by hand. */

/** A certificate by who issued it: subject of the authority, and number in hexadecimal. */
export type IssuedCertificate = Pick<AdmittedCertificate, 'authority' | 'serial'>;

/** A key by its identifier, in hexadecimal as certificates show it, with colons or without. */
export interface SubjectKey {
  readonly subjectKeyId: string;
}

/** What a certificate may be named by. */
export type Named = CertificateSource | IssuedCertificate | SubjectKey;

export function isSubjectKey(given: Named): given is SubjectKey {
  return typeof given === 'object' && 'subjectKeyId' in given && !('serial' in given);
}

/** Throws ERR_BAD_VALUE. */
export function keyIdOf({ subjectKeyId }: SubjectKey): Uint8Array {
  const text = subjectKeyId.replaceAll(':', '');
  if (/^([0-9a-f]{2}){1,32}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new BpfError(
    'ERR_BAD_VALUE',
    `subjectKeyId is "${subjectKeyId}", expected 1 to 32 bytes in hexadecimal`,
  );
}

/** By which authorities a certificate was issued, and its number there. Throws ERR_NOT_FOUND, ERR_BAD_VALUE. */
export function issuersOf(
  given: CertificateSource | IssuedCertificate,
  placed: readonly Placed[],
): { authorities: Placed[]; serial: Uint8Array } {
  const { title, serial, isIssuer } = issuedOf(given);
  const authorities = placed.filter(isIssuer);
  if (authorities.length === 0) {
    const message = `${title} was issued by none of the anchors and intermediates: revoke the CA above it, or name that as an intermediate`;
    throw new BpfError('ERR_NOT_FOUND', message);
  }
  const isOwn = ({ certificate }: Placed) =>
    Buffer.compare(certificate.serial, serial) === 0 &&
    authorities.some((issuer) => isNamedBy(certificate, issuer));
  if (!placed.some(isOwn)) return { authorities, serial };
  throw new BpfError('ERR_BAD_VALUE', `${title} is a CA that the gate trusts: leave it out, by update()`);
}

function issuedOf(given: CertificateSource | IssuedCertificate) {
  if (typeof given === 'object' && 'serial' in given && 'authority' in given) {
    const { authority, serial } = given;
    return {
      title: `certificate ${serial}`,
      serial: serialOf(serial),
      isIssuer: ({ certificate }: Placed) => certificate.subject.text === authority,
    };
  }
  const [first] = readSources([given], 'CERTIFICATE');
  const certificate = readCertificateOf(first!);
  return {
    title: `certificate "${certificate.subject.text}"`,
    serial: certificate.serial,
    isIssuer: (authority: Placed) => isNamedBy(certificate, authority),
  };
}

function serialOf(text: string): Uint8Array {
  if (/^([0-9a-f]{2}){1,32}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new BpfError('ERR_BAD_VALUE', `serial is "${text}", expected 1 to 32 bytes in hexadecimal`);
}
