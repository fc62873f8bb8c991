import { p256 } from '@noble/curves/nist.js';
import { bytesToNumberBE, concatBytes, numberToBytesBE, randomBytes } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { LABELS } from './statement.js';

export type Point = InstanceType<typeof p256.Point>;

export const { Fn: Scalars, BASE: G } = p256.Point;

/** x || y, 64 bytes. */
export function pointBytes(point: Point): Uint8Array {
  return point.toBytes(false).subarray(1);
}

export function scalarBytes(scalar: bigint): Uint8Array {
  return numberToBytesBE(scalar, 32);
}

/** A hash as a scalar, modulo the order. */
export function toScalar(hash: Uint8Array): bigint {
  return Scalars.create(bytesToNumberBE(hash));
}

/** A number from 1 to n - 1 that nobody can guess. */
export function randomScalar(): bigint {
  return bytesToNumberBE(p256.utils.randomSecretKey());
}

/**
 * What a response is blinded with. It hangs on the key and on what is proved as well, so that random numbers that
 * repeat do not give the key away.
 */
export function nonceFor(secret: Uint8Array, proved: Uint8Array): bigint {
  const seed = concatBytes(LABELS.nonce, secret, randomBytes(32), proved);
  const nonce = Scalars.create(bytesToNumberBE(sha512(seed)));
  seed.fill(0);
  return nonce === 0n ? nonceFor(secret, proved) : nonce;
}

/** s * G + c * P, of public numbers: in variable time. */
export function publicSum(s: bigint, c: bigint, point: Point): Point {
  return G.multiplyUnsafe(s).add(point.multiplyUnsafe(c));
}
