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
  const common = typeof id === 'string' ? digestInBase32(id) : undefined;
  if (common) return common;
  const { code, digest } = (typeof id === 'string' ? parse(id) : id).multihash;
  return checkDigest(code, digest, `${id}`);
}

/** Base32 of the bytes 1 (CIDv1), 0x55 (raw), 0x12 (SHA-256), 32, but for the last two bits. */
const RAW_SHA256 = 'bafkrei';
const RAW_SHA256_LENGTH = 59;
const NO_DIGIT = 0xff;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, char] of [...'abcdefghijklmnopqrstuvwxyz234567'].entries())
  DIGITS[char.charCodeAt(0)] = value;

/** Of the form that `cidOf` gives, read without the library: lists have millions. undefined: it may be another form. */
function digestInBase32(text: string): Uint8Array | undefined {
  if (text.length !== RAW_SHA256_LENGTH || !text.startsWith(RAW_SHA256)) return undefined;
  const digest = new Uint8Array(ID_BYTES);
  let [buffer, bits, at] = [0, -2, 0];
  for (let i = RAW_SHA256.length; i < RAW_SHA256_LENGTH; i++) {
    const digit = DIGITS[text.charCodeAt(i)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return undefined;
    buffer = ((buffer << 5) | digit) & 0x1fff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    digest[at++] = buffer >> bits;
  }
  const first = DIGITS[text.charCodeAt(RAW_SHA256.length)]!;
  const isWhole = first < 8 && (buffer & 3) === 0;
  return isWhole ? digest : undefined;
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
