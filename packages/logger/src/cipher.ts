import { createCipheriv, createDecipheriv } from 'node:crypto';
import { RecordOpener } from './chacha20poly1305.js';
import { HEADER_BYTES, NONCE_BYTES, TAG_BYTES, writeNonce } from './wire.js';

/** In the order of their numbers, from 1. */
export const CIPHERS = ['chacha20-poly1305', 'aes-256-gcm'] as const;
export type Cipher = (typeof CIPHERS)[number];

export interface RecordKey {
  readonly cipher: Cipher;
  readonly key: Uint8Array;
}

const OPTIONS = { authTagLength: TAG_BYTES };

/** The text encrypted, and its tag. */
export function sealRecord(
  { cipher: name, key }: RecordKey,
  header: Buffer,
  sequence: number,
  text: Uint8Array,
): Buffer {
  const nonce = writeNonce(Buffer.alloc(NONCE_BYTES), sequence);
  const cipher = createCipheriv(name as 'aes-256-gcm', key, nonce, OPTIONS);
  cipher.setAAD(header, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

const opener = new RecordOpener();
const nonce = Buffer.alloc(NONCE_BYTES);

/** undefined: the tag is not of this record under this key. */
export function openRecord({ cipher, key }: RecordKey, frame: Buffer, sequence: number): Buffer | undefined {
  writeNonce(nonce, sequence);
  return cipher === 'aes-256-gcm' ? openByAes(key, frame) : opener.open(key, nonce, frame, HEADER_BYTES);
}

function openByAes(key: Uint8Array, frame: Buffer): Buffer | undefined {
  const end = frame.length - TAG_BYTES;
  if (end < HEADER_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, OPTIONS);
  decipher.setAAD(frame.subarray(0, HEADER_BYTES));
  decipher.setAuthTag(frame.subarray(end));
  const text = decipher.update(frame.subarray(HEADER_BYTES, end));
  try {
    decipher.final();
    return text;
  } catch {
    return undefined;
  }
}
