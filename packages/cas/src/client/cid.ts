import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { CasError } from './errors.js';
import { checkBytes } from './guards.js';
import { sha256 } from './sha256.js';

const SHA2_256 = 0x12;
export const ID_BYTES = 32;

/** A CID, in whatever base it is written, or the 32 bytes of SHA-256 that it names. */
export type AnyId = CID | string | Uint8Array;

/** The CIDv1 of these bytes: codec raw, SHA-256. Of content larger than a packet see `contentOf`. */
export function cidOf(bytes: Uint8Array): CID {
  checkBytes('content', bytes);
  return cidOfDigest(sha256(bytes));
}

export function cidOfDigest(digest: Uint8Array): CID {
  return CID.createV1(raw.code, create(SHA2_256, digest));
}

/** The 32 bytes that a packet names content by. Throws ERR_CAS_ID for a CID of another hash function. */
export function digestOf(id: AnyId): Uint8Array {
  if (id instanceof Uint8Array) return checkDigest(SHA2_256, id, 'an id');
  const { code, digest } = (typeof id === 'string' ? parse(id) : id).multihash;
  return checkDigest(code, digest, `${id}`);
}

function parse(text: string): CID {
  try {
    return CID.parse(text);
  } catch (cause) {
    throw new CasError('ERR_CAS_ID', `"${text}" is no CID: ${(cause as Error).message}`, { cause });
  }
}

function checkDigest(code: number, digest: Uint8Array, title: string): Uint8Array {
  if (code === SHA2_256 && digest.length === ID_BYTES) return digest;
  const found = `${title} has ${digest.length} bytes of hash function 0x${code.toString(16)}`;
  throw new CasError('ERR_CAS_ID', `${found}, expected ${ID_BYTES} of sha2-256`);
}
