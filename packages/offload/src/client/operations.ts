import { DATA_MAX, OPERATIONS, type Operation } from './wire.js';

/* What is asked for, as the data of a request; and what comes back. */

const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 64;
const VERDICT_BYTES = 4;
const AEAD_BYTES = 4;
export const NONCE_BYTES = 12;
export const SEAL_OVERHEAD = NONCE_BYTES + 16;

/** A request, without a client's part in it. */
export interface Question {
  readonly operation: number;
  readonly key: number;
  readonly data: Uint8Array;
  /** Bytes of the result at most: so many a request has, so that no answer is longer. */
  readonly room: number;
}

const number = (operation: Operation): number => OPERATIONS.indexOf(operation);
const NOTHING = new Uint8Array();

export function sha256Question(data: Uint8Array): Question {
  return question('sha256', 0, data, DIGEST_BYTES);
}

export function hmacQuestion(key: number, data: Uint8Array): Question {
  return question('hmac-sha256', key, data, DIGEST_BYTES);
}

export function sealQuestion(key: number, text: Uint8Array, aad: Uint8Array = NOTHING): Question {
  return question('aes-256-gcm-seal', key, concat(aeadHead(aad), aad, text), text.length + SEAL_OVERHEAD);
}

export function openQuestion(key: number, sealed: Uint8Array, aad: Uint8Array = NOTHING): Question {
  if (sealed.length < SEAL_OVERHEAD)
    throw new RangeError(`sealed is ${sealed.length} bytes, expected at least ${SEAL_OVERHEAD}`);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const data = concat(aeadHead(aad), nonce, aad, sealed.subarray(NONCE_BYTES));
  return question('aes-256-gcm-open', key, data, sealed.length - SEAL_OVERHEAD);
}

export function verifyQuestion(key: number, message: Uint8Array, signature: Uint8Array): Question {
  if (signature.length !== SIGNATURE_BYTES)
    throw new RangeError(`signature is ${signature.length} bytes, expected ${SIGNATURE_BYTES}: r and s`);
  return question('ecdsa-p256-verify', key, concat(signature, message), VERDICT_BYTES);
}

/** A verdict is a number of 32 bits, 1 or 0. */
export function isValid(result: Uint8Array): boolean {
  return result[VERDICT_BYTES - 1] === 1;
}

function question(operation: Operation, key: number, data: Uint8Array, room: number): Question {
  if (!(data instanceof Uint8Array)) throw new TypeError('data is not a Uint8Array');
  if (!Number.isInteger(key) || key < 0 || key > 0xffff)
    throw new RangeError(`key is ${key}, expected an integer from 0 to 65535`);
  if (Math.max(data.length, room) > DATA_MAX)
    throw new RangeError(
      `data is ${data.length} bytes with what belongs to it, expected at most ${DATA_MAX}`,
    );
  return { operation: number(operation), key, data, room };
}

function aeadHead(aad: Uint8Array): Uint8Array {
  const head = new Uint8Array(AEAD_BYTES);
  if (aad.length > 0xffff) throw new RangeError(`aad is ${aad.length} bytes, expected at most 65535`);
  new DataView(head.buffer).setUint16(0, aad.length);
  return head;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
