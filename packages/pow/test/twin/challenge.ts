import { expand } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { siphash24 } from './siphash.js';

/** What a challenge says, but for its tag. */
export interface ChallengeFields {
  difficulty: number;
  keyId: number;
  service: number;
  /** Unix milliseconds. */
  issued: bigint;
  salt: bigint;
}

export interface Secret {
  id: number;
  /** 32 bytes. */
  master: Uint8Array;
}

const epochKeys = new Map<string, Uint8Array>();

/** HKDF-Expand(master, "cryptbpf gate v1" || service || epoch, 16). */
export function epochKey(master: Uint8Array, service: number, epoch: bigint): Uint8Array {
  const name = `${Buffer.from(master).toString('hex')} ${service} ${epoch}`;
  const known = epochKeys.get(name);
  if (known) return known;
  const info = Buffer.alloc(28, 'cryptbpf gate v1');
  info.writeUInt32BE(service, 16);
  info.writeBigUInt64BE(epoch, 20);
  const key = expand(sha256, master, info, 16);
  epochKeys.set(name, key);
  return key;
}

/** The tag over the first 24 bytes of a challenge and the source's 16. */
export function challengeTag(
  secret: Secret,
  epochMs: bigint,
  challenge: Uint8Array,
  source: Uint8Array,
): bigint {
  const view = new DataView(challenge.buffer, challenge.byteOffset);
  const key = epochKey(secret.master, view.getUint32(4), view.getBigUint64(8) / epochMs);
  return siphash24(key, Buffer.concat([challenge.subarray(0, 24), source]));
}

/** A whole challenge, 32 bytes. */
export function makeChallenge(
  fields: ChallengeFields,
  secret: Secret,
  epochMs: bigint,
  source: Uint8Array,
): Uint8Array {
  const challenge = new Uint8Array(32);
  const view = new DataView(challenge.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, fields.difficulty);
  view.setUint8(2, fields.keyId);
  view.setUint32(4, fields.service);
  view.setBigUint64(8, fields.issued);
  view.setBigUint64(16, fields.salt);
  view.setBigUint64(24, challengeTag(secret, epochMs, challenge, source), true);
  return challenge;
}

/** SHA-256(challenge || nonce) begins with as many zero bits as the challenge says; 8 zero bytes follow the nonce. */
export function powHolds(challenge: Uint8Array, proof: Uint8Array): boolean {
  const bits = challenge[1]!;
  if (bits > 64 || proof.subarray(8).some((byte) => byte !== 0)) return false;
  const digest = sha256(Buffer.concat([challenge, proof.subarray(0, 8)]));
  const head = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  return head >> BigInt(64 - bits) === 0n;
}

/** The first proof that holds. */
export function solvePow(challenge: Uint8Array): Uint8Array {
  const proof = new Uint8Array(16);
  const view = new DataView(proof.buffer);
  for (let nonce = 0n; !powHolds(challenge, proof); nonce++) view.setBigUint64(0, nonce, true);
  return proof;
}
