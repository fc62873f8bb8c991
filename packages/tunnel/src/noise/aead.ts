import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from './bytes.js';

export const TAG_BYTES = 16;

/** Authenticated encryption with a 32-byte key and a 64-bit counter as nonce. */
export interface Aead {
  seal(key: Uint8Array, counter: bigint, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** undefined if it was not sealed so. */
  open(key: Uint8Array, counter: bigint, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

type Algorithm = 'chacha20-poly1305' | 'aes-256-gcm';

/** ChaChaPoly of Noise: RFC 8439, nonce = 32 zero bits, then the counter in little endian. */
export const chachaPoly = aead('chacha20-poly1305', true);

/** AESGCM of Noise: AES-256-GCM (SP 800-38D), nonce = 32 zero bits, then the counter in big endian. */
export const aesGcm = aead('aes-256-gcm', false);

function aead(algorithm: Algorithm, littleEndian: boolean): Aead {
  const name = algorithm as 'aes-256-gcm'; // both take the same options
  const options = { authTagLength: TAG_BYTES };
  const nonceOf = (counter: bigint): Uint8Array => {
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, counter, littleEndian);
    return nonce;
  };
  return {
    seal(key, counter, ad, plaintext) {
      const cipher = createCipheriv(name, key, nonceOf(counter), options);
      cipher.setAAD(ad, { plaintextLength: plaintext.length });
      return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    open(key, counter, ad, sealed) {
      const end = sealed.length - TAG_BYTES;
      if (end < 0) return undefined;
      const decipher = createDecipheriv(name, key, nonceOf(counter), options);
      decipher.setAuthTag(sealed.subarray(end));
      decipher.setAAD(ad, { plaintextLength: end });
      const plaintext = decipher.update(sealed.subarray(0, end));
      try {
        return concat(plaintext, decipher.final());
      } catch {
        return undefined;
      }
    },
  };
}
