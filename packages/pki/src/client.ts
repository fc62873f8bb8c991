/**
 * The holder's half of a certificate gate, for any JavaScript runtime: it signs and speaks the messages, and leaves the
 * transport to the caller. `@cryptbpf/pki/udp` presents certificates over UDP, for Node.
 *
 * @example
 * import { Holder } from '@cryptbpf/pki/client';
 * const holder = await Holder.create({ chain: pem, key, audience: 'db.example' });
 * const { certificates, signature } = await holder.present(challenge, address);
 *
 * @packageDocumentation
 */
export { addressBytes, formatAddress, reasonName } from '@cryptbpf/core/gate-client';
export { PkiError, type PkiErrorCode } from './client/errors.js';
export { Holder, type HolderOptions } from './client/holder.js';
export type { MessageSigner, PrivateCryptoKey, PrivateKey } from './client/key.js';
export {
  type ChallengeMessage,
  DEFAULT_PORT,
  decodeChallenge,
  decodeReceipt,
  decodeVerdict,
  encodeHello,
  encodePresentation,
  encodeRequest,
  LONGEST_MESSAGE,
  MessageType,
  messageType,
  type Presented,
  type Verdict,
} from './client/message.js';
