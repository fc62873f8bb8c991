import { sha256 as portable } from '@noble/hashes/sha2.js';

type Hash = (bytes: Uint8Array) => Uint8Array;
type NodeHash = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Uint8Array;
interface Runtime {
  process?: { getBuiltinModule?: (name: string) => { hash?: NodeHash } | undefined };
}

/** Node's own is several times as fast. It is asked for at run time: what is bundled for browsers has no trace of it. */
function native(): Hash | undefined {
  const hash = (globalThis as Runtime).process?.getBuiltinModule?.('crypto')?.hash;
  return hash && ((bytes) => Uint8Array.from(hash('sha256', bytes, 'buffer')));
}

/** SHA-256 (FIPS 180-4). */
export const sha256: Hash = native() ?? ((bytes) => portable(bytes));
