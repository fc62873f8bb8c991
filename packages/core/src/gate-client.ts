/*
 * A peer's half of the exchange with a gate, for any JavaScript runtime. The feature packages bundle it into
 * their clients: no Node, nothing of this package's kernel side.
 */
export { ADDRESS_LENGTH, addressBytes, formatAddress } from './gate-client/address.js';
export {
  CHALLENGE_LENGTH,
  type Challenge,
  type ChallengeCheck,
  parseChallenge,
} from './gate-client/challenge.js';
export {
  type FailureCodes,
  type FailureDetails,
  type FailureKind,
  Failures,
  GateClientError,
} from './gate-client/failures.js';
export { checkBytes, checkInteger } from './gate-client/guards.js';
export {
  type ChallengeMessage,
  encodeHeader,
  GateMessages,
  HEADER_LENGTH,
  HELLO_LENGTH,
  MESSAGE_VERSION,
  type MessageShape,
  MessageType,
  TRANSACTION_LENGTH,
  transactionOf,
  type Verdict,
} from './gate-client/messages.js';
export { Reason } from './gate-client/reasons.gen.js';
export { reasonName } from './gate-client/reasons.js';
export { SipHash128, TAG_LENGTH } from './gate-client/siphash.js';
