import { createHmac } from 'node:crypto';
import type { Ratchet } from './hashes.gen.js';
import type { RatchetStep } from './hashes.js';

/* What node:crypto does not have of bpf/lib: SipHash, HKDF-Expand by itself, the ratchet. */

const WORD = (1n << 64n) - 1n;

type Lanes = [bigint, bigint, bigint, bigint];

/** SipHash-2-4 (Aumasson and Bernstein, 2012) with a key of 16 bytes: 8 bytes. */
export function siphash64(key: Uint8Array, message: Uint8Array): Uint8Array {
  const v = start(key, 0n);
  absorb(v, message);
  v[2] ^= 0xffn;
  return littleEndian(finish(v));
}

/** Its 128-bit variant: 16 bytes. */
export function siphash128(key: Uint8Array, message: Uint8Array): Uint8Array {
  const v = start(key, 0xeen);
  absorb(v, message);
  v[2] ^= 0xeen;
  const low = finish(v);
  v[1] ^= 0xddn;
  return littleEndian(low, finish(v));
}

/** HKDF-Expand-SHA256 (RFC 5869, 2.3). */
export function hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  let block: Uint8Array = new Uint8Array();
  const output = new Uint8Array(Math.ceil(length / 32) * 32);
  for (let i = 0; i * 32 < length; i++) {
    const hmac = createHmac('sha256', prk).update(block).update(info);
    block = hmac.update(Uint8Array.of(i + 1)).digest();
    output.set(block, i * 32);
  }
  return output.subarray(0, length);
}

/** One step of bpf/lib/ratchet.h. */
export function ratchetStep({ chain, index }: Ratchet): RatchetStep {
  const derive = (purpose: number) => hkdfExpand(chain, ratchetInfo(purpose, index), 32);
  return { messageKey: derive(1), next: { chain: derive(2), index: index + 1n } };
}

function ratchetInfo(purpose: number, index: bigint): Uint8Array {
  const info = Buffer.alloc(28, 'cryptbpf ratchet v1');
  info[19] = purpose;
  info.writeBigUInt64BE(index, 20);
  return info;
}

function start(key: Uint8Array, variant: bigint): Lanes {
  const [k0, k1] = [Buffer.from(key).readBigUInt64LE(0), Buffer.from(key).readBigUInt64LE(8)];
  return [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn ^ variant,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
}

/** The last word ends in the length modulo 256. */
function absorb(v: Lanes, message: Uint8Array): void {
  const padded = Buffer.alloc((message.length & ~7) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
  }
}

function finish(v: Lanes): bigint {
  for (let i = 0; i < 4; i++) round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

function round(v: Lanes): void {
  half(v, 0, 1, 13n);
  half(v, 2, 3, 16n);
  v[0] = rotate(v[0], 32n);
  half(v, 2, 1, 17n);
  half(v, 0, 3, 21n);
  v[2] = rotate(v[2], 32n);
}

function half(v: Lanes, a: 0 | 2, b: 1 | 3, bits: bigint): void {
  v[a] = (v[a] + v[b]) & WORD;
  v[b] = rotate(v[b], bits) ^ v[a];
}

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) | (x >> (64n - bits))) & WORD;
}

function littleEndian(...words: bigint[]): Uint8Array {
  const bytes = Buffer.alloc(words.length * 8);
  words.forEach((word, i) => {
    bytes.writeBigUInt64LE(word, i * 8);
  });
  return bytes;
}
