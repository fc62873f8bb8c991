import { CHALLENGE_LENGTH, type Challenge, parseChallenge as parse } from '@cryptbpf/core/gate-client';
import { sha256 } from '@noble/hashes/sha2.js';
import { failures } from './errors.js';

export { CHALLENGE_LENGTH, type Challenge } from '@cryptbpf/core/gate-client';

const MAX_DIFFICULTY = 64;

/**
 * Reads a challenge of 32 bytes. Its difficulty is in leading zero bits, 0 to 64; a solution takes
 * 2^difficulty hashes on average.
 *
 * @throws TypeError when it is no Uint8Array; PowError `ERR_POW_CHALLENGE` when it is no challenge of
 * version 1.
 */
export function parseChallenge(bytes: Uint8Array): Challenge {
  return parse(bytes, { failures, maxDifficulty: MAX_DIFFICULTY });
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
