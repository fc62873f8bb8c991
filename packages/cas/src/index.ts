/**
 * Content-addressed packets in XDP and TC.
 *
 * UDP packets reach the ports, or leave for them, when they are what their content id says: content that hashes to it, or
 * a chunk whose Merkle path leads to the root that it commits to. The kernel hashes each packet.
 *
 * @packageDocumentation
 */
export {
  BpfError,
  type BpfErrorCode,
  type Rate,
  type ReasonCount,
  type ReasonName,
  VerifierError,
} from '@cryptbpf/core';
export type { AnyId } from './client/cid.js';
export { CasError, type CasErrorCode } from './client/errors.js';
export type { ContentSettings, ContentVerifierOptions } from './options.js';
export type { ContentEvent } from './records.js';
export { ContentVerifier } from './verifier.js';
