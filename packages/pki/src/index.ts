/**
 * X.509 certificates in TC.
 *
 * A source reaches the protected ports after it has presented a chain of certificates up to a CA that the operator
 * trusts, and has proved that it has the key of the first of them.
 *
 * @packageDocumentation
 */
export {
  type Admission,
  BpfError,
  type BpfErrorCode,
  type GateSettings,
  type ProtectedPort,
  type Range,
  type Rate,
  type ReasonCount,
  type ReasonName,
  type SharedSecret,
  VerifierError,
} from '@cryptbpf/core';
export type { PkiOptions, PkiSettings, PkiSizes } from './options.js';
export type { AdmittedCertificate, AdmittedHolder, AuthorityInfo, PkiEvent } from './records.js';
export type { IssuedCertificate, SubjectKey } from './revocation.js';
export type { CertificateSource, CrlSource } from './sources.js';
export { PkiValidator } from './validator.js';
export type { Presentation } from './voucher.js';
