import { createPublicKey, verify } from 'node:crypto';

/** Hashes of the signature algorithms (RFC 3279, 4055, 5758) that are taken where node:crypto verifies. */
const HASHES: Readonly<Record<string, string>> = {
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
};

/** Of a signature's algorithm; undefined: it is not taken. */
export function hashOf(algorithm: string): string | undefined {
  return HASHES[algorithm];
}

/** Whether bytes are signed by the key, given as SubjectPublicKeyInfo; algorithm: contents of its OID in hex. */
export function signatureHolds(
  bytes: Uint8Array,
  signature: Uint8Array,
  { algorithm, publicKey }: { algorithm: string; publicKey: Uint8Array },
): boolean {
  const hash = hashOf(algorithm);
  if (!hash) return false;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    return verify(hash, bytes, key, signature);
  } catch {
    return false; // not a key that the algorithm goes with
  }
}
