import { createHash, createHmac } from 'node:crypto';
import { blake2s as nobleBlake2s } from '@noble/hashes/blake2.js';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { concat, wipe } from './bytes.js';

export const HASH_BYTES = 32;

/** One of Noise's hash functions, with 32 bytes. */
export interface Hash {
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** BLAKE2s (RFC 7693). */
export const blake2s: Hash = {
  hash: (...parts) => nobleBlake2s(concat(...parts)),
  hmac: (key, ...parts) => nobleHmac(nobleBlake2s, key, concat(...parts)),
};

/** SHA-256 (FIPS 180-4). */
export const sha256: Hash = {
  hash: (...parts) => digest(createHash('sha256'), parts),
  hmac: (key, ...parts) => digest(createHmac('sha256', key), parts),
};

/** Noise's HKDF (its section 4.3): `count` outputs of 32 bytes, the caller's to wipe. */
export function hkdf(hash: Hash, chainingKey: Uint8Array, input: Uint8Array, count: 1 | 2 | 3): Uint8Array[] {
  const extracted = hash.hmac(chainingKey, input);
  const outputs: Uint8Array[] = [];
  for (let i = 1; i <= count; i++) {
    const before = outputs.at(-1) ?? new Uint8Array(0);
    outputs.push(hash.hmac(extracted, before, Uint8Array.of(i)));
  }
  wipe(extracted);
  return outputs;
}

function digest(
  state: { update(part: Uint8Array): unknown; digest(): Buffer },
  parts: readonly Uint8Array[],
): Uint8Array {
  for (const part of parts) state.update(part);
  return Uint8Array.from(state.digest());
}
