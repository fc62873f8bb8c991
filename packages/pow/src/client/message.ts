import { type ChallengeMessage, GateMessages, HELLO_LENGTH, type Verdict } from '@cryptbpf/core/gate-client';
import { checkNonce } from './challenge.js';
import { failures } from './errors.js';

export type { ChallengeMessage, Verdict } from '@cryptbpf/core/gate-client';

/** Every message of the exchange has this length, so that no answer is longer than its question. */
export const MESSAGE_LENGTH = HELLO_LENGTH;
const SOLUTION_LENGTH = 16;
/** The gate's control port unless its operator chose another. */
export const DEFAULT_PORT = 22305;

export const MessageType = { HELLO: 1, CHALLENGE: 2, SOLUTION: 3, VERDICT: 4 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export const messages = new GateMessages({ magic: 0x504f5721, proofLength: SOLUTION_LENGTH, failures });

/** A hello under a transaction id of 8 random bytes. */
export function encodeHello(transaction: Uint8Array): Uint8Array {
  return messages.encodeHello(transaction);
}

/** A solution: the challenge as it came, and the nonce that solves it. */
export function encodeSolution(transaction: Uint8Array, challenge: Uint8Array, nonce: bigint): Uint8Array {
  checkNonce(nonce);
  const solution = new Uint8Array(SOLUTION_LENGTH);
  new DataView(solution.buffer).setBigUint64(0, nonce, true);
  return messages.encodeProof(transaction, challenge, solution);
}

/** The type of a message of this protocol and version; undefined for any other bytes. */
export function messageType(bytes: Uint8Array): MessageType | undefined {
  return messages.typeOf(bytes) as MessageType | undefined;
}

/** Reads a challenge message. @throws PowError `ERR_POW_MESSAGE` when it is none. */
export function decodeChallenge(bytes: Uint8Array): ChallengeMessage {
  return messages.decodeChallenge(bytes);
}

/** Reads a verdict. @throws PowError `ERR_POW_MESSAGE` when it is none. */
export function decodeVerdict(bytes: Uint8Array): Verdict {
  return messages.decodeVerdict(bytes);
}
