/**
 * Signed packets in XDP.
 *
 * UDP packets reach the protected ports when a key that the operator trusts has signed them, or when they belong to a
 * session that such a signature opened; they are checked at the driver, and arrive without the signature. TCP
 * ports are open to sources that knocked with a signature.
 *
 * @packageDocumentation
 */
export {
  type Admission,
  type AdmittedSource,
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
export { type Knock, SignedAuth, type SignedAuthEvent } from './auth.js';
export type { PublicKey, TrustedKey } from './keys.js';
export type { SessionSettings, SignedAuthOptions, SignedAuthSettings, SignedAuthSizes } from './options.js';
export type { SessionInfo } from './sessions.js';
export type { TrustedKeyInfo } from './trust.js';
