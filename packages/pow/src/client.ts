/**
 * The client's half of the proof-of-work gate, for any JavaScript runtime: it solves puzzles and speaks
 * the messages, and leaves the transport to the caller. `@cryptbpf/pow/udp` is the exchange over UDP for
 * Node; browsers, which cannot send UDP, get the challenge from their web application and send the
 * solution back to it.
 *
 * @example
 * import { solve } from '@cryptbpf/pow/client';
 * const challenge = new Uint8Array(await (await fetch('/pow/challenge')).arrayBuffer());
 * const { nonce } = await solve(challenge);
 * await fetch('/pow/solution', { method: 'POST', body: JSON.stringify({ nonce: String(nonce) }) });
 *
 * @packageDocumentation
 */

export { reasonName } from '@cryptbpf/core/gate-client';
export {
  CHALLENGE_LENGTH,
  type Challenge,
  leadingZeroBits,
  parseChallenge,
  verifySolution,
} from './client/challenge.js';
export { PowError, type PowErrorCode } from './client/errors.js';
export {
  type ChallengeMessage,
  DEFAULT_PORT,
  decodeChallenge,
  decodeVerdict,
  encodeHello,
  encodeSolution,
  MESSAGE_LENGTH,
  MessageType,
  messageType,
  type Verdict,
} from './client/message.js';
export type { Progress } from './client/progress.js';
export type { SolverWorker } from './client/runtime.js';
export { serveWorker } from './client/serve.js';
export { DEFAULT_MAX_DIFFICULTY, type Solution, type SolveOptions, solve } from './client/solve.js';
