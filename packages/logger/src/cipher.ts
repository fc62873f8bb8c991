import { createCipheriv, createDecipheriv } from 'node:crypto';
import { nonceOf, TAG_BYTES } from './wire.js';

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };

/** The text encrypted, and its tag. */
export function sealRecord(key: Uint8Array, header: Buffer, sequence: number, text: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(sequence), OPTIONS);
  cipher.setAAD(header, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** undefined: the tag is not of this record under this key. */
export function openRecord(
  key: Uint8Array,
  header: Buffer,
  sequence: number,
  sealed: Buffer,
): Buffer | undefined {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonceOf(sequence), OPTIONS);
  decipher.setAAD(header, { plaintextLength: end });
  decipher.setAuthTag(sealed.subarray(end));
  const text = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return text;
  } catch {
    return undefined;
  }
}
