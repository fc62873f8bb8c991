import { GateMessages } from '@cryptbpf/core/gate-client';
import { failures } from './errors.js';
import { MAX_MEMBERS } from './group.js';
import type { ProofKind } from './prover.js';

export type { ChallengeMessage, Verdict } from '@cryptbpf/core/gate-client';

/** The gate's control port unless its operator chose another. */
export const DEFAULT_PORT = 22307;
export const MAGIC = 0x5a4b5021;

/** Bytes of a proof; a ring proof has 32 more for each member of the group. */
export const PROOF_LENGTHS: Readonly<Record<ProofKind, number>> = { hash: 36, schnorr: 100, ring: 104 };
const LONGEST_RING = PROOF_LENGTHS.ring + 32 * MAX_MEMBERS;

const of = (kind: ProofKind, more = {}) =>
  new GateMessages({ magic: MAGIC, proofLength: PROOF_LENGTHS[kind], failures, ...more });

const MESSAGES = {
  hash: of('hash'),
  schnorr: of('schnorr'),
  ring: of('ring', { longestProof: LONGEST_RING }),
} as const;

/** The messages of the exchange with a gate for that kind of proof: written, and read. */
export function messagesOf(kind: ProofKind): GateMessages {
  const messages = MESSAGES[kind];
  if (messages) return messages;
  throw new TypeError(`kind is ${kind}, expected ${Object.keys(MESSAGES).join(', ')}`);
}
