/**
 * Proofs of knowledge and of membership at TC.
 *
 * A source reaches the protected ports after it has proved, over UDP and to the kernel alone, that it knows a secret,
 * holds a private key, or belongs to a group; until then the ports are silent.
 *
 * @packageDocumentation
 */
export {
  type Admission,
  type AdmittedSource,
  BpfError,
  type BpfErrorCode,
  type GateEventRecord,
  type GateSettings,
  type ProtectedPort,
  type Range,
  type Rate,
  type ReasonCount,
  type ReasonName,
  type SharedSecret,
  VerifierError,
} from '@cryptbpf/core';
export type { Group } from './client/group.js';
export { type ProversOf, ZkpFilter } from './filter.js';
export type { GroupInfo, GroupOptions, Groups, RotateOptions } from './groups.js';
export type {
  HashProofs,
  ProofOptions,
  RingProofs,
  SchnorrProofs,
  ZkpOptions,
  ZkpSettings,
} from './options.js';
export type { KeyInfo } from './places.js';
export type { Provers, RemoveOptions } from './provers.js';
export type { ProofKey, PublicKeys } from './public-keys.js';
export type { ProofSecret, Secrets } from './secrets.js';
