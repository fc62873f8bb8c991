import { createHash, randomBytes } from 'node:crypto';

/** A random challenge of version 1. */
export function randomChallenge(difficulty: number): Uint8Array {
  const challenge = new Uint8Array(randomBytes(32));
  challenge[0] = 1;
  challenge[1] = difficulty;
  challenge[3] = 0;
  return challenge;
}

/** Leading zero bits of SHA-256(challenge || nonce), by node:crypto and by the digits of the hash. */
export function zeroBits(challenge: Uint8Array, nonce: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(nonce);
  const hash = createHash('sha256').update(challenge).update(bytes).digest('hex');
  const bits = [...hash].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return bits.indexOf('1');
}

/** The first nonce from `start` on that solves the challenge. */
export function firstSolution(challenge: Uint8Array, start: bigint): bigint {
  let nonce = start;
  while (zeroBits(challenge, nonce) < challenge[1]!) nonce = BigInt.asUintN(64, nonce + 1n);
  return nonce;
}
