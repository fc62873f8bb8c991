import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/**
 * A key as JWK. Of a copy: Node locks a key while it writes its JWK, and a garbage collection that begins meanwhile
 * locks it again when it collects what generated the key; seen in Node 20, where the process then stands still.
 */
export function jwkOf(key: KeyObject): JsonWebKey {
  return copyOf(key).export({ format: 'jwk' });
}

function copyOf(key: KeyObject): KeyObject {
  if (key.type === 'public') {
    const der = key.export({ type: 'spki', format: 'der' });
    return createPublicKey({ key: der, type: 'spki', format: 'der' });
  }
  const der = key.export({ type: 'pkcs8', format: 'der' });
  try {
    return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  } finally {
    der.fill(0);
  }
}
