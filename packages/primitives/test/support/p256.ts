import { p256 } from '@noble/curves/nist.js';
import { numberBytes } from '../../src/p256.js';

/* Points and signatures by noble, made to order. */

export const { BASE, ZERO, Fn, Fp } = p256.Point;
export type Point = typeof BASE;
export const P = Fp.ORDER;
export const N = Fn.ORDER;

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function pair(first: bigint, second: bigint): Uint8Array {
  return concat(numberBytes(first), numberBytes(second));
}

export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** SEC 1, 65 bytes. */
export function encoded(point: Point): Uint8Array {
  return point.toBytes(false);
}

export function coordinates(point: Point): Uint8Array {
  return encoded(point).subarray(1);
}

/** scalar * point, also for 0. */
export function times(point: Point, scalar: bigint): Point {
  const reduced = Fn.create(scalar);
  return reduced === 0n ? ZERO : point.multiplyUnsafe(reduced);
}

/** scalar * G, by noble's table. */
export function timesBase(scalar: bigint): Point {
  const reduced = Fn.create(scalar);
  return reduced === 0n ? ZERO : BASE.multiply(reduced);
}

export interface Constructed {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

/**
 * The signature that makes a verifier compute u1 * G + u2 * Q, for the key secret * G. Valid, unless that is infinity:
 * then r is made up.
 */
export function signatureOf(secret: bigint, u1: bigint, u2: bigint): Constructed | undefined {
  const sum = timesBase(u1 + u2 * secret);
  const r = sum.is0() ? 5n : Fn.create(sum.toAffine().x);
  if (r === 0n) return undefined;
  const s = Fn.mul(r, Fn.inv(u2));
  return { digest: numberBytes(Fn.mul(u1, s)), signature: pair(r, s), valid: !sum.is0() };
}

/** A point whose x is that number, if there is one. */
export function pointWithX(x: bigint): Point | undefined {
  try {
    return p256.Point.fromBytes(concat(Uint8Array.of(2), numberBytes(x)));
  } catch {
    return undefined;
  }
}
