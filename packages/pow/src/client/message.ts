import { CHALLENGE_LENGTH, checkNonce } from './challenge.js';
import { PowError } from './errors.js';

/** Every message of the exchange has this length, so that no answer is longer than its question. */
export const MESSAGE_LENGTH = 64;
export const MESSAGE_MAGIC = 0x504f5721;
export const MESSAGE_VERSION = 1;
export const TRANSACTION_LENGTH = 8;
/** The gate's control port unless its operator chose another. */
export const DEFAULT_PORT = 22305;

export const MessageType = { HELLO: 1, CHALLENGE: 2, SOLUTION: 3, VERDICT: 4 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export interface ChallengeMessage {
  /** 8 bytes, the ones that the client put into its hello. */
  transaction: Uint8Array;
  /** 32 bytes, to be solved and sent back as they are. */
  challenge: Uint8Array;
  /** The client's address as the gate sees it: whom a solution will admit. */
  source: string;
}

export interface Verdict {
  /** 8 bytes, the ones that the client put into its solution. */
  transaction: Uint8Array;
  /** 0: admitted. Else the gate's reason number; `reasonName` has its name. */
  status: number;
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a client that stays should ask again. */
  renewAfter: number;
}

/** A hello under a transaction id of 8 random bytes. */
export function encodeHello(transaction: Uint8Array): Uint8Array {
  return encodeHeader(MessageType.HELLO, transaction);
}

/** A solution: the challenge as it came, and the nonce that solves it. */
export function encodeSolution(transaction: Uint8Array, challenge: Uint8Array, nonce: bigint): Uint8Array {
  if (challenge.length !== CHALLENGE_LENGTH) {
    throw new RangeError(`challenge is ${challenge.length} bytes, expected ${CHALLENGE_LENGTH}`);
  }
  checkNonce(nonce);
  const message = encodeHeader(MessageType.SOLUTION, transaction);
  message.set(challenge, 16);
  viewOf(message).setBigUint64(48, nonce, true);
  return message;
}

/** The type of a message of this protocol and version; undefined for any other bytes. */
export function messageType(bytes: Uint8Array): MessageType | undefined {
  if (bytes.length !== MESSAGE_LENGTH) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0) !== MESSAGE_MAGIC || view.getUint8(4) !== MESSAGE_VERSION) return undefined;
  return Object.values(MessageType).find((type) => type === view.getUint8(5));
}

/** The transaction id of a message, a copy of 8 bytes. */
export function transactionOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice(8, 8 + TRANSACTION_LENGTH);
}

/** Reads a challenge message. @throws PowError `ERR_POW_MESSAGE` when it is none. */
export function decodeChallenge(bytes: Uint8Array): ChallengeMessage {
  checkType(bytes, MessageType.CHALLENGE, 'challenge');
  return {
    transaction: transactionOf(bytes),
    challenge: bytes.slice(16, 48),
    source: formatAddress(bytes.subarray(48, 64)),
  };
}

/** Reads a verdict. @throws PowError `ERR_POW_MESSAGE` when it is none. */
export function decodeVerdict(bytes: Uint8Array): Verdict {
  checkType(bytes, MessageType.VERDICT, 'verdict');
  const view = viewOf(bytes);
  return {
    transaction: transactionOf(bytes),
    status: view.getUint8(6),
    lifetime: view.getUint32(16),
    renewAfter: view.getUint32(20),
  };
}

/** The text of an address of 16 bytes: dotted for ::ffff:0:0/96, else as RFC 5952 writes it. */
export function formatAddress(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  if (view.getBigUint64(0) === 0n && view.getUint32(8) === 0xffff) return bytes.subarray(12, 16).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i).toString(16));
  return shortenZeros(groups.join(':'));
}

function shortenZeros(address: string): string {
  const runs = address.match(/\b0(:0\b)+/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return address;
  const at = address.search(new RegExp(`\\b${longest}\\b`));
  const [before, after] = [address.slice(0, at), address.slice(at + longest.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

function encodeHeader(type: MessageType, transaction: Uint8Array): Uint8Array {
  if (transaction.length !== TRANSACTION_LENGTH) {
    throw new RangeError(`transaction id is ${transaction.length} bytes, expected ${TRANSACTION_LENGTH}`);
  }
  const message = new Uint8Array(MESSAGE_LENGTH);
  const view = viewOf(message);
  view.setUint32(0, MESSAGE_MAGIC);
  view.setUint8(4, MESSAGE_VERSION);
  view.setUint8(5, type);
  message.set(transaction, 8);
  return message;
}

function checkType(bytes: Uint8Array, type: MessageType, name: string): void {
  if (messageType(bytes) === type) return;
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  throw new PowError(
    'ERR_POW_MESSAGE',
    `not a ${name} message: ${bytes.length} bytes, starting with 0x${start}`,
  );
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
