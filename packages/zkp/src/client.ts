/**
 * The prover's half, for any JavaScript runtime: it makes proofs and speaks the messages, and leaves the transport to
 * the caller. `@cryptbpf/zkp/udp` is the exchange over UDP, for Node.
 *
 * @example
 * import { createHashProver } from '@cryptbpf/zkp/client';
 * const prover = createHashProver({ audience: 'ssh.example', keyId: 1, secret });
 * const { challenge, source } = await (await fetch('/zkp/challenge')).json();
 * await fetch('/zkp/proof', { method: 'POST', body: prover.prove(challenge, source) });
 *
 * @packageDocumentation
 */
export {
  addressBytes,
  CHALLENGE_LENGTH,
  formatAddress,
  type GateMessages,
  MessageType,
  reasonName,
} from '@cryptbpf/core/gate-client';
export { ZkpError, type ZkpErrorCode } from './client/errors.js';
export { type Group, MAX_MEMBERS } from './client/group.js';
export { createHashProver, type HashProverOptions } from './client/hash.js';
export { generateKey, type KeyPair, type PrivateJwk, type PrivateKey } from './client/key.js';
export {
  type ChallengeMessage,
  DEFAULT_PORT,
  messagesOf,
  PROOF_LENGTHS,
  type Verdict,
} from './client/message.js';
export type { ProofKind, Prover } from './client/prover.js';
export { createRingProver, type RingProverOptions } from './client/ring.js';
export { createSchnorrProver, type SchnorrProverOptions } from './client/schnorr.js';
