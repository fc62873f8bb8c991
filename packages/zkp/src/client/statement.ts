import { ADDRESS_LENGTH, addressBytes, CHALLENGE_LENGTH, checkBytes } from '@cryptbpf/core/gate-client';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/*
 * What proofs are about. Each begins with a label of its own, so that a proof of one kind is none of another, and
 * with the audience, so that it is none at another service.
 */

const LABEL_LENGTH = 32;

export const LABELS = {
  hash: label('cryptbpf zkp hash v1'),
  schnorr: label('cryptbpf zkp schnorr v1'),
  ring: label('cryptbpf zkp ring v1'),
  members: label('cryptbpf zkp members v1'),
  nonce: label('cryptbpf zkp nonce v1'),
} as const;

/** What the name of a service becomes in everything that is proved to it. @throws TypeError */
export function audienceDigest(audience: string): Uint8Array {
  if (typeof audience === 'string' && audience !== '') return sha256(utf8ToBytes(audience));
  const given = JSON.stringify(audience);
  throw new TypeError(`audience is ${given}, expected the name that the gate's operator chose`);
}

/** Challenge and source, 48 bytes. The source: text, or its 16 bytes. @throws TypeError, RangeError */
export function claimOf(challenge: Uint8Array, source: string | Uint8Array): Uint8Array {
  checkBytes('challenge', challenge, CHALLENGE_LENGTH);
  const address = typeof source === 'string' ? addressBytes(source) : source;
  checkBytes('source', address, ADDRESS_LENGTH);
  return concatBytes(challenge, address);
}

/** The number of a key, in 2 bytes, and 2 zero bytes. */
export function numberField(number: number): Uint8Array {
  return Uint8Array.of(number >> 8, number & 0xff, 0, 0);
}

function label(text: string): Uint8Array {
  const bytes = new Uint8Array(LABEL_LENGTH);
  bytes.set(utf8ToBytes(text));
  return bytes;
}
