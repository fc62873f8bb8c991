import { checkBytes } from '@cryptbpf/core/gate-client';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

const SECRET_BYTES = 32;
const TAG_KEY_BYTES = 16;
const text = new TextEncoder();

/** The keys of both directions. */
export interface ClientKeys {
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
}

/** From what client and service share: 32 random bytes. Throws TypeError, RangeError. */
export function clientKeys(secret: Uint8Array): ClientKeys {
  checkBytes('secret', secret, SECRET_BYTES);
  const shared = extract(sha256, secret);
  const key = (use: string) =>
    expand(sha256, shared, text.encode(`cryptbpf offload v1 ${use}`), TAG_KEY_BYTES);
  const keys = { request: key('request'), reply: key('reply') };
  shared.fill(0);
  return keys;
}
