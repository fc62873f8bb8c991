import { createCipheriv } from 'node:crypto';
import { RecordOpener } from './chacha20poly1305.js';
import { HEADER_BYTES, NONCE_BYTES, TAG_BYTES, writeNonce } from './wire.js';

const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: TAG_BYTES };

/** The text encrypted, and its tag. */
export function sealRecord(key: Uint8Array, header: Buffer, sequence: number, text: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, writeNonce(Buffer.alloc(NONCE_BYTES), sequence), OPTIONS);
  cipher.setAAD(header, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

const opener = new RecordOpener();
const nonce = Buffer.alloc(NONCE_BYTES);

/** undefined: the tag is not of this record under this key. */
export function openRecord(key: Uint8Array, frame: Uint8Array, sequence: number): Buffer | undefined {
  writeNonce(nonce, sequence);
  return opener.open(key, nonce, frame, HEADER_BYTES);
}
