import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';

export interface TestKey {
  readonly secretKey: Uint8Array;
  /** 65 bytes. */
  readonly publicKey: Uint8Array;
}

/** A key pair that is the same each time. */
export function testKey(number: number): TestKey {
  const secretKey = sha256(Uint8Array.of(number >> 8, number));
  return { secretKey, publicKey: p256.getPublicKey(secretKey, false) };
}

export function testKeys(count: number, first = 0): TestKey[] {
  return Array.from({ length: count }, (_, i) => testKey(first + i));
}
