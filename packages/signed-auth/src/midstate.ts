import { sha256State } from '@cryptbpf/core/crypto';
import { sha256 } from '@noble/hashes/sha2.js';

const LABEL_BYTES = 32;

/**
 * The state of SHA-256 after the block `label || audience`, as eight words: what programs begin with. The label
 * has up to 32 ASCII characters, the audience is a digest of 32 bytes.
 */
export function midstate(label: string, audience: Uint8Array): number[] {
  const padded = new Uint8Array(LABEL_BYTES);
  padded.set(new TextEncoder().encode(label));
  return sha256State(padded, audience);
}

/** The audience of a service of that name. */
export function audienceOf(name: string): Uint8Array {
  return sha256(new TextEncoder().encode(name));
}

export const LABELS = {
  packet: 'cryptbpf signed-auth v1',
  boundPacket: 'cryptbpf signed-auth addr v1',
  knock: 'cryptbpf signed-auth knock v1',
  session: 'cryptbpf signed-auth session v1',
} as const;
