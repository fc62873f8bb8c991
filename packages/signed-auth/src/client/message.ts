import {
  CHALLENGE_LENGTH,
  type ChallengeMessage,
  encodeHeader,
  GateMessages,
  MessageType as GateMessageType,
  HEADER_LENGTH,
  type Verdict,
} from '@cryptbpf/core/gate-client';
import { failures } from './errors.js';
import { SIGNATURE_LENGTH } from './key.js';
import { keyIdField } from './statement.js';
import { MAGIC } from './trailer.js';

export type { ChallengeMessage, Verdict } from '@cryptbpf/core/gate-client';

/** The gate's control port unless its operator chose another. */
export const DEFAULT_PORT = 22306;

export const MessageType = { ...GateMessageType, SESSION_REQUEST: 5, SESSION_ACCEPT: 6 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** x || y. */
export const POINT_LENGTH = 64;
const KNOCK_LENGTH = 4 + SIGNATURE_LENGTH;
/** Of a SESSION_REQUEST, and of what answers it. */
export const SESSION_MESSAGE_LENGTH = HEADER_LENGTH + CHALLENGE_LENGTH + 4 + POINT_LENGTH + SIGNATURE_LENGTH;

export const messages = new GateMessages({
  magic: MAGIC,
  proofLength: KNOCK_LENGTH,
  otherLengths: [SESSION_MESSAGE_LENGTH],
  failures,
});

/** A hello under a transaction id of 8 random bytes. */
export function encodeHello(transaction: Uint8Array): Uint8Array {
  return messages.encodeHello(transaction);
}

/** A knock: the challenge as it came, and the proof that `Signer.knock` makes for it. */
export function encodeKnock(transaction: Uint8Array, challenge: Uint8Array, proof: Uint8Array): Uint8Array {
  return messages.encodeProof(transaction, challenge, proof);
}

/** The type of a message of this protocol and version; undefined for any other bytes. */
export function messageType(bytes: Uint8Array): MessageType | undefined {
  return messages.typeOf(bytes) as MessageType | undefined;
}

/** Reads a challenge message. @throws SignedAuthError `ERR_SIGNED_AUTH_MESSAGE` when it is none. */
export function decodeChallenge(bytes: Uint8Array): ChallengeMessage {
  return messages.decodeChallenge(bytes);
}

/** Reads a verdict. @throws SignedAuthError `ERR_SIGNED_AUTH_MESSAGE` when it is none. */
export function decodeVerdict(bytes: Uint8Array): Verdict {
  return messages.decodeVerdict(bytes);
}

export interface SessionRequestFields {
  transaction: Uint8Array;
  challenge: Uint8Array;
  keyId: number;
  ephemeral: Uint8Array;
  signature: Uint8Array;
}

export function encodeSessionRequest(request: SessionRequestFields): Uint8Array {
  const { SESSION_REQUEST } = MessageType;
  const message = encodeHeader(MAGIC, SESSION_REQUEST, request.transaction, SESSION_MESSAGE_LENGTH);
  message.set(request.challenge, 16);
  message.set(keyIdField(request.keyId), 48);
  message.set(request.ephemeral, 52);
  message.set(request.signature, 116);
  return message;
}

export interface SessionAccept {
  /** 8 bytes. */
  sessionId: Uint8Array;
  /** Seconds. */
  lifetime: number;
  /** The part that goes into the key: session id and lifetime. */
  terms: Uint8Array;
  ephemeral: Uint8Array;
  confirm: Uint8Array;
}

export function decodeSessionAccept(bytes: Uint8Array): SessionAccept {
  messages.checkType(bytes, MessageType.SESSION_ACCEPT, 'session accept');
  return {
    sessionId: bytes.slice(16, 24),
    lifetime: new DataView(bytes.buffer, bytes.byteOffset).getUint32(24),
    terms: bytes.slice(16, 28),
    ephemeral: bytes.slice(32, 96),
    confirm: bytes.slice(96, 128),
  };
}
