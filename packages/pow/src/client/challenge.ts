import { sha256 } from '@noble/hashes/sha2.js';
import { PowError } from './errors.js';

export const CHALLENGE_LENGTH = 32;
export const CHALLENGE_VERSION = 1;
export const MAX_DIFFICULTY = 64;

/** What a challenge says in clear. The gate's tag over it means nothing to the client. */
export interface Challenge {
  /** Leading zero bits that are asked for, 0 to 64; a solution takes 2^difficulty hashes on average. */
  difficulty: number;
  /** Which of the gate's secrets made the tag. */
  keyId: number;
  /** The service that the challenge is good for. */
  service: number;
  /** Unix milliseconds by the gate's clock. */
  issued: number;
  salt: bigint;
}

/**
 * Reads a challenge of 32 bytes.
 *
 * @throws TypeError when it is no Uint8Array; PowError `ERR_POW_CHALLENGE` when it is no challenge of
 * version 1.
 */
export function parseChallenge(bytes: Uint8Array): Challenge {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`challenge is ${typeof bytes}, expected Uint8Array`);
  if (bytes.length !== CHALLENGE_LENGTH) {
    throw new PowError(
      'ERR_POW_CHALLENGE',
      `challenge is ${bytes.length} bytes, expected ${CHALLENGE_LENGTH}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const challenge = {
    difficulty: view.getUint8(1),
    keyId: view.getUint8(2),
    service: view.getUint32(4),
    issued: Number(view.getBigUint64(8)),
    salt: view.getBigUint64(16),
  };
  checkFields(view, challenge.difficulty);
  return challenge;
}

function checkFields(view: DataView, difficulty: number): void {
  const version = view.getUint8(0);
  if (version !== CHALLENGE_VERSION) {
    throw new PowError(
      'ERR_POW_CHALLENGE',
      `challenge has version ${version}, expected ${CHALLENGE_VERSION}: the gate speaks another version of the protocol`,
    );
  }
  if (view.getUint8(3) !== 0) {
    throw new PowError('ERR_POW_CHALLENGE', `challenge has ${view.getUint8(3)} in byte 3, expected 0`);
  }
  if (difficulty > MAX_DIFFICULTY) {
    throw new PowError(
      'ERR_POW_CHALLENGE',
      `challenge has difficulty ${difficulty}, at most ${MAX_DIFFICULTY} exists`,
    );
  }
}

/** How many zero bits come before the first one bit; all bits of `bytes` when there is none. */
export function leadingZeroBits(bytes: Uint8Array): number {
  const index = bytes.findIndex((byte) => byte !== 0);
  if (index < 0) return bytes.length * 8;
  return index * 8 + Math.clz32(bytes[index]!) - 24;
}

/**
 * Whether `nonce` solves `challenge`: SHA-256(challenge || nonce, 8 bytes little endian) begins with as
 * many zero bits as the challenge asks for. Says nothing about whether a gate issued the challenge.
 *
 * @throws what `parseChallenge` throws; RangeError for a nonce that is no unsigned 64-bit number.
 */
export function verifySolution(challenge: Uint8Array, nonce: bigint): boolean {
  const { difficulty } = parseChallenge(challenge);
  checkNonce(nonce);
  const message = new Uint8Array(CHALLENGE_LENGTH + 8);
  message.set(challenge);
  new DataView(message.buffer).setBigUint64(CHALLENGE_LENGTH, nonce, true);
  return leadingZeroBits(sha256(message)) >= difficulty;
}

export function checkNonce(nonce: bigint): void {
  if (typeof nonce !== 'bigint') throw new TypeError(`nonce is ${typeof nonce}, expected bigint`);
  if (nonce !== BigInt.asUintN(64, nonce)) throw new RangeError(`nonce is ${nonce}, expected 0 to 2^64 - 1`);
}
