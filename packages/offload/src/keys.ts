import { randomBytes } from 'node:crypto';
import { BpfError } from '@cryptbpf/core';
import { type P256PublicKey, p256PublicKey, sha256State } from '@cryptbpf/core/crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { type OffloadKey, type OffloadObject, OffloadOperation, offloadKeyCodec } from './offload.gen.js';
import type { EngineKey } from './perform.js';

/** A key of the operator's, by what it is for. */
export type OffloadKeySpec =
  | { use: 'hmac'; secret: Uint8Array }
  | { use: 'aead'; secret: Uint8Array }
  | { use: 'verify'; publicKey: P256PublicKey };

const SECRET_BYTES = 32;
const BLOCK = 64;
/** Nonces that this process chooses have the highest bit of their counter set. */
const OWN_NONCES = 2 ** 31;

const bit = (operation: number) => 1 << operation;
const OPERATIONS = {
  hmac: bit(OffloadOperation.OFFLOAD_HMAC_SHA256),
  aead: bit(OffloadOperation.OFFLOAD_SEAL) | bit(OffloadOperation.OFFLOAD_OPEN),
  verify: bit(OffloadOperation.OFFLOAD_VERIFY),
} as const;

/** Copies, checked. Throws ERR_BAD_OPTION, ERR_BAD_VALUE for a public key that is none. */
export function engineKey(id: number, spec: OffloadKeySpec): EngineKey {
  if (!Number.isInteger(id) || id < 0 || id > 0xffff)
    throw new BpfError('ERR_BAD_OPTION', `option keys has id ${id}, expected an integer from 0 to 65535`);
  if (spec.use === 'verify') return { use: 'verify', bytes: p256PublicKey(spec.publicKey).point };
  const { use, secret } = spec;
  const isRight =
    secret instanceof Uint8Array && (use === 'hmac' ? secret.length >= 16 : secret.length === SECRET_BYTES);
  if (!isRight || !(use in OPERATIONS)) {
    const expected = use === 'hmac' ? 'at least 16 bytes' : `${SECRET_BYTES} bytes`;
    throw new BpfError('ERR_BAD_OPTION', `option keys: the secret of key ${id} is not ${expected}`);
  }
  return { use, bytes: Uint8Array.from(secret) };
}

/** Nonces for what this process seals of its own accord. */
export interface OwnNonces {
  readonly prefix: bigint;
  next: number;
}

type Kernel = {
  maps: Pick<OffloadObject['maps'], 'keys' | 'made' | 'setups'>;
  programs: Pick<OffloadObject['programs'], 'offload_prepare'>;
};

/** Puts the key where programs find it, under a nonce prefix that no key had before. */
export function writeKey({ maps, programs }: Kernel, id: number, key: EngineKey): OwnNonces {
  const prefix = randomBytes(8).readBigUInt64LE();
  const value = { ...blank(), operations: OPERATIONS[key.use], noncePrefix: prefix };
  if (key.use === 'hmac') value.hmac = midstates(key.bytes);
  if (key.use === 'verify') value.point = { x: key.bytes.slice(1, 33), y: key.bytes.slice(33, 65) };
  if (key.use === 'aead') value.gcm = expand({ maps, programs }, key.bytes);
  maps.keys.set(id, value);
  return { prefix, next: OWN_NONCES };
}

/** The nonce of 12 bytes; undefined: there is none left. */
export function nonceOf(prefix: bigint, counter: number): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setBigUint64(0, prefix, true);
  view.setUint32(8, counter);
  return nonce;
}

export function takeNonce(nonces: OwnNonces | undefined): Uint8Array | undefined {
  if (!nonces || nonces.next >= 2 ** 32) return undefined;
  return nonceOf(nonces.prefix, nonces.next++);
}

function blank(): OffloadKey {
  return offloadKeyCodec.decode(new DataView(new ArrayBuffer(offloadKeyCodec.size)), 0);
}

/** What SHA-256 is after the block of the key: RFC 2104. */
function midstates(secret: Uint8Array): OffloadKey['hmac'] {
  const key = secret.length > BLOCK ? sha256(secret) : secret;
  const padded = (pad: number) => {
    const block = new Uint8Array(BLOCK).fill(pad);
    key.forEach((byte, i) => {
      block[i]! ^= byte;
    });
    const h = sha256State(block);
    block.fill(0);
    return { h };
  };
  return { inner: padded(0x36), outer: padded(0x5c) };
}

/** AES's round keys, made by the program that uses them; nothing of them stays elsewhere. */
function expand({ maps, programs }: Kernel, secret: Uint8Array): OffloadKey['gcm'] {
  const words = new DataView(secret.buffer, secret.byteOffset, secret.length);
  maps.setups.set(0, { secret: { w: Array.from({ length: 8 }, (_, i) => words.getUint32(4 * i, true)) } });
  const { returnValue } = programs.offload_prepare.testRun();
  if (returnValue !== 0) throw new BpfError('ERR_LOAD', 'the key could not be expanded');
  const { gcm } = maps.made.at(0);
  maps.made.set(0, blank());
  return gcm;
}
