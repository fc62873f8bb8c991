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

export type { ChallengeMessage, Verdict } from '@cryptbpf/core/gate-client';

export const MAGIC = 0x504b4921;
/** The gate's control port unless its operator chose another. */
export const DEFAULT_PORT = 22308;
/** Of a message, in bytes: what any path of 1500 bytes carries. */
export const LONGEST_MESSAGE = 1400;
export const MOST_CERTIFICATES = 3;
export const RECEIPT_LENGTH = 224;
export const SIGNATURE_LENGTH = 64;

export const MessageType = { ...GateMessageType, REQUEST: 5, RECEIPT: 6 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

const CHAIN = 1;
const RECEIPT_CHAIN = 2;
const HEAD_LENGTH = 4 + SIGNATURE_LENGTH;
/** The fixed part, which is what an answer may fill. */
export const SHORTEST_PROOF = 192;
const BEFORE_PROOF = HEADER_LENGTH + CHALLENGE_LENGTH;

export const messages = new GateMessages({
  magic: MAGIC,
  proofLength: SHORTEST_PROOF,
  longestProof: LONGEST_MESSAGE - BEFORE_PROOF,
  failures,
});

/** Certificates of one message: those that the gate's last receipt leads to, or an authority of the gate. */
export interface Presented {
  /** From the gate, for the CA above them. */
  receipt?: Uint8Array;
  /** DER, each one issued by the next. */
  certificates: readonly Uint8Array[];
}

/** A length of two bytes in front of each: what the holder's signature covers, too. */
export function encodeCertificates(certificates: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(certificates.reduce((all, { length }) => all + 2 + length, 0));
  let at = 0;
  for (const certificate of certificates) {
    bytes.set([certificate.length >> 8, certificate.length & 0xff], at);
    bytes.set(certificate, at + 2);
    at += 2 + certificate.length;
  }
  return bytes;
}

/** The bytes that a message of these takes, the signature included. */
export function messageLength({ receipt, certificates }: Presented): number {
  return BEFORE_PROOF + HEAD_LENGTH + (receipt?.length ?? 0) + encodeCertificates(certificates).length;
}

/** What proves: certificates, and the signature of the first one's holder. */
export function encodeProof(presented: Presented, signature: Uint8Array): Uint8Array {
  const { receipt = new Uint8Array(), certificates } = presented;
  if (signature.length !== SIGNATURE_LENGTH)
    throw new RangeError(`signature is ${signature.length} bytes, expected ${SIGNATURE_LENGTH}`);
  const list = encodeCertificates(certificates);
  const length = Math.max(SHORTEST_PROOF, HEAD_LENGTH + receipt.length + list.length);
  const proof = new Uint8Array(length);
  proof[0] = receipt.length > 0 ? RECEIPT_CHAIN : CHAIN;
  proof[1] = certificates.length;
  proof.set(signature, 4);
  proof.set(receipt, HEAD_LENGTH);
  proof.set(list, HEAD_LENGTH + receipt.length);
  return proof;
}

/** A hello under a transaction id of 8 random bytes. */
export function encodeHello(transaction: Uint8Array): Uint8Array {
  return messages.encodeHello(transaction);
}

/** The leaf's certificate and those above it, with the signature that `Holder.sign` makes. */
export function encodePresentation(
  transaction: Uint8Array,
  challenge: Uint8Array,
  presented: Presented,
  signature: Uint8Array,
): Uint8Array {
  return messages.encodeProof(transaction, challenge, encodeProof(presented, signature));
}

/** CA certificates for which a receipt is wanted. */
export function encodeRequest(
  transaction: Uint8Array,
  challenge: Uint8Array,
  presented: Presented,
): Uint8Array {
  const body = encodeProof(presented, new Uint8Array(SIGNATURE_LENGTH));
  const message = encodeHeader(MAGIC, MessageType.REQUEST, transaction, BEFORE_PROOF + body.length);
  message.set(challenge, HEADER_LENGTH);
  message.set(body, BEFORE_PROOF);
  return message;
}

/** The type of a message of this protocol and version; undefined for any other bytes. */
export function messageType(bytes: Uint8Array): MessageType | undefined {
  return messages.typeOf(bytes) as MessageType | undefined;
}

/** Reads a challenge message. @throws PkiError `ERR_PKI_MESSAGE` when it is none. */
export function decodeChallenge(bytes: Uint8Array): ChallengeMessage {
  return messages.decodeChallenge(bytes);
}

/** Reads a verdict. @throws PkiError `ERR_PKI_MESSAGE` when it is none. */
export function decodeVerdict(bytes: Uint8Array): Verdict {
  return messages.decodeVerdict(bytes);
}

/** The receipt in an answer to a request. @throws PkiError `ERR_PKI_MESSAGE` when it is none. */
export function decodeReceipt(bytes: Uint8Array): Uint8Array {
  messages.checkType(bytes, MessageType.RECEIPT, 'receipt');
  return bytes.slice(HEADER_LENGTH, HEADER_LENGTH + RECEIPT_LENGTH);
}
