/**
 * The sender's half of signed packets, for any JavaScript runtime: it signs, opens sessions and speaks the messages,
 * and leaves the transport to the caller. `@cryptbpf/signed-auth/udp` sends over UDP, for Node.
 *
 * @example
 * import { createSigner } from '@cryptbpf/signed-auth/client';
 * const signer = createSigner(pem, { audience: 'telemetry.example', keyId: 1 });
 * const packet = await signer.sign(new TextEncoder().encode('21.5'));
 *
 * @packageDocumentation
 */
export { addressBytes, formatAddress, reasonName } from '@cryptbpf/core/gate-client';
export { SignedAuthError, type SignedAuthErrorCode } from './client/errors.js';
export { generateKey, type KeyPair, type PrivateJwk, type PublicJwk } from './client/generate.js';
export type { MessageSigner, PrivateCryptoKey, PrivateKey } from './client/key.js';
export {
  type ChallengeMessage,
  DEFAULT_PORT,
  decodeChallenge,
  decodeVerdict,
  encodeHello,
  encodeKnock,
  MessageType,
  messageType,
  type Verdict,
} from './client/message.js';
export { Session } from './client/session.js';
export { SessionRequest } from './client/session-request.js';
export { createSigner, Signer, type SignerOptions } from './client/signer.js';
export type { Flow } from './client/statement.js';
export {
  SESSION_LENGTH as SESSION_TRAILER_LENGTH,
  SIGNED_LENGTH as SIGNED_TRAILER_LENGTH,
  SIGNED_WITH_COOKIE_LENGTH as COOKIE_TRAILER_LENGTH,
} from './client/trailer.js';
