import { sha256 } from '@noble/hashes/sha2.js';
import { BpfError } from '../errors.js';

const BLOCK = 64;

/** What noble's hashes know about themselves, and do not tell: the state after the blocks so far. */
interface Inside {
  get(): number[];
}

/**
 * The state of SHA-256 after whole blocks of 64 bytes, as eight words: what programs begin with, where the beginning
 * of a message is always the same. As secret as the blocks. Throws ERR_BAD_VALUE for bytes that are no whole blocks.
 */
export function sha256State(...parts: readonly Uint8Array[]): number[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length === 0 || length % BLOCK !== 0) {
    throw new BpfError('ERR_BAD_VALUE', `${length} bytes are no whole blocks of ${BLOCK}`);
  }
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  const words = (hash as unknown as Inside).get().map((word) => word >>> 0);
  hash.destroy();
  return words;
}
