import { formatAddress } from './address.js';
import { CHALLENGE_LENGTH } from './challenge.js';
import type { Failures } from './failures.js';

export const MESSAGE_VERSION = 1;
export const HEADER_LENGTH = 16;
export const HELLO_LENGTH = 64;
export const TRANSACTION_LENGTH = 8;

export const MessageType = { HELLO: 1, CHALLENGE: 2, PROOF: 3, VERDICT: 4 } as const;

export interface ChallengeMessage {
  /** 8 bytes, the ones of the message that it answers. */
  transaction: Uint8Array;
  /** 32 bytes, to be sent back as they are. */
  challenge: Uint8Array;
  /** The peer's address as the gate sees it: whom a proof will admit. */
  source: string;
}

export interface Verdict {
  /** 8 bytes, the ones of the proof that it answers. */
  transaction: Uint8Array;
  /** 0: admitted. Else the gate's reason number; `reasonName` has its name. */
  status: number;
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a peer that stays should ask again. */
  renewAfter: number;
}

/** What tells one feature's messages from another's. */
export interface MessageShape {
  magic: number;
  /** Bytes of its proof. */
  proofLength: number;
  /** Bytes of its longest proof, where they differ: proofLength is the shortest then, and other messages may be as long. */
  longestProof?: number;
  failures: Failures;
  /** Lengths of further messages that challenges serve for, and so of verdicts on them. */
  otherLengths?: number[];
}

/** The messages of one feature's exchange, written and read. */
export class GateMessages {
  readonly #shape: MessageShape;
  readonly #verdictLengths: Set<number>;

  constructor(shape: MessageShape) {
    this.#shape = shape;
    this.#verdictLengths = new Set([HELLO_LENGTH, this.proofMessageLength, ...(shape.otherLengths ?? [])]);
  }

  get magic(): number {
    return this.#shape.magic;
  }

  get failures(): Failures {
    return this.#shape.failures;
  }

  get proofMessageLength(): number {
    return HEADER_LENGTH + CHALLENGE_LENGTH + this.#shape.proofLength;
  }

  /** A hello under a transaction id of 8 random bytes. */
  encodeHello(transaction: Uint8Array): Uint8Array {
    return encodeHeader(this.magic, MessageType.HELLO, transaction, HELLO_LENGTH);
  }

  /** A proof behind its challenge, as it came. */
  encodeProof(transaction: Uint8Array, challenge: Uint8Array, proof: Uint8Array): Uint8Array {
    checkLength('challenge', challenge, CHALLENGE_LENGTH);
    const { proofLength, longestProof = proofLength } = this.#shape;
    if (!(proof.length > proofLength && proof.length <= longestProof))
      checkLength('proof', proof, proofLength);
    const length = HEADER_LENGTH + CHALLENGE_LENGTH + proof.length;
    const message = encodeHeader(this.magic, MessageType.PROOF, transaction, length);
    message.set(challenge, HEADER_LENGTH);
    message.set(proof, HEADER_LENGTH + CHALLENGE_LENGTH);
    return message;
  }

  /** The type of a message of this feature and version; undefined for any other bytes. */
  typeOf(bytes: Uint8Array): number | undefined {
    if (bytes.length < HEADER_LENGTH) return undefined;
    const view = viewOf(bytes);
    if (view.getUint32(0) !== this.magic || view.getUint8(4) !== MESSAGE_VERSION) return undefined;
    const type = view.getUint8(5);
    return this.#fits(type, bytes.length) ? type : undefined;
  }

  /** Reads a challenge message. @throws a `message` failure when it is none. */
  decodeChallenge(bytes: Uint8Array): ChallengeMessage {
    this.checkType(bytes, MessageType.CHALLENGE, 'challenge');
    return {
      transaction: transactionOf(bytes),
      challenge: bytes.slice(16, 48),
      source: formatAddress(bytes.subarray(48, 64)),
    };
  }

  /** Reads a verdict. @throws a `message` failure when it is none. */
  decodeVerdict(bytes: Uint8Array): Verdict {
    this.checkType(bytes, MessageType.VERDICT, 'verdict');
    const view = viewOf(bytes);
    return {
      transaction: transactionOf(bytes),
      status: view.getUint8(6),
      lifetime: view.getUint32(16),
      renewAfter: view.getUint32(20),
    };
  }

  /** @throws a `message` failure when the bytes are of another type. */
  checkType(bytes: Uint8Array, type: number, name: string): void {
    if (this.typeOf(bytes) === type) return;
    const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    throw this.failures.make(
      'message',
      `not a ${name} message: ${bytes.length} bytes, starting with 0x${start}`,
    );
  }

  #fits(type: number, length: number): boolean {
    if (type === MessageType.HELLO || type === MessageType.CHALLENGE) return length === HELLO_LENGTH;
    if (this.#isLongProof(length)) return true;
    if (type === MessageType.PROOF) return length === this.proofMessageLength;
    if (type === MessageType.VERDICT) return this.#verdictLengths.has(length);
    return this.#shape.otherLengths?.includes(length) ?? false;
  }

  #isLongProof(length: number): boolean {
    const { longestProof = 0 } = this.#shape;
    return length >= this.proofMessageLength && length <= HEADER_LENGTH + CHALLENGE_LENGTH + longestProof;
  }
}

/** The transaction id of a message, a copy of 8 bytes. */
export function transactionOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice(8, 8 + TRANSACTION_LENGTH);
}

/** A message of `length` bytes, of which the header is written. */
export function encodeHeader(
  magic: number,
  type: number,
  transaction: Uint8Array,
  length: number,
): Uint8Array {
  checkLength('transaction id', transaction, TRANSACTION_LENGTH);
  const message = new Uint8Array(length);
  const view = viewOf(message);
  view.setUint32(0, magic);
  view.setUint8(4, MESSAGE_VERSION);
  view.setUint8(5, type);
  message.set(transaction, 8);
  return message;
}

function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${name} is ${bytes.length} bytes, expected ${length}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
