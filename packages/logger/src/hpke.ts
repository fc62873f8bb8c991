import { createCipheriv, createDecipheriv } from 'node:crypto';
import { agreeOnce, hmac, POINT_BYTES, secret, wipe } from './keys.js';

/*
 * HPKE (RFC 9180), base mode, one message: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. Test vectors:
 * its appendix A.5.1.
 */

const TAG_BYTES = 16;
const KEM_ID = [0x00, 0x10];
const KEM_SUITE = Buffer.from([...Buffer.from('KEM'), ...KEM_ID]);
const SUITE = Buffer.from([...Buffer.from('HPKE'), ...KEM_ID, 0x00, 0x01, 0x00, 0x03]);
const CIPHER = 'chacha20-poly1305';
const NONE = Buffer.alloc(0);

interface Context {
  readonly key: Buffer;
  readonly nonce: Buffer;
}

function labeledExtract(suite: Buffer, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return hmac(salt, 'HPKE-v1', suite, label, ikm);
}

/** Of at most 32 bytes: one block. */
function labeledExpand(suite: Buffer, prk: Buffer, label: string, info: Uint8Array, length: number): Buffer {
  const block = hmac(prk, Buffer.of(0, length), 'HPKE-v1', suite, label, info, Buffer.of(1));
  if (length === block.length) return block;
  const cut = secret(length);
  block.copy(cut);
  wipe(block);
  return cut;
}

function extractAndExpand(shared: Buffer, enc: Uint8Array, point: Uint8Array): Buffer {
  const prk = labeledExtract(KEM_SUITE, NONE, 'eae_prk', shared);
  const sharedSecret = labeledExpand(KEM_SUITE, prk, 'shared_secret', Buffer.concat([enc, point]), 32);
  wipe(prk);
  return sharedSecret;
}

function schedule(sharedSecret: Buffer, info: Uint8Array): Context {
  const pskId = labeledExtract(SUITE, NONE, 'psk_id_hash', NONE);
  const context = Buffer.concat([Buffer.of(0), pskId, labeledExtract(SUITE, NONE, 'info_hash', info)]);
  const prk = labeledExtract(SUITE, sharedSecret, 'secret', NONE);
  const key = labeledExpand(SUITE, prk, 'key', context, 32);
  const nonce = labeledExpand(SUITE, prk, 'base_nonce', context, 12);
  wipe(prk);
  return { key, nonce };
}

export interface SealOptions {
  /** Of the recipient, 65 bytes. */
  point: Uint8Array;
  info: Uint8Array;
  aad: Uint8Array;
  /** For test vectors: the ephemeral scalar. */
  scalar?: Uint8Array;
}

/** The ephemeral point, 65 bytes, and the ciphertext with its tag. */
export function seal(
  text: Uint8Array,
  { point, info, aad, scalar }: SealOptions,
): { enc: Buffer; sealed: Buffer } {
  const { shared, enc } = agreeOnce(point, scalar);
  const sharedSecret = extractAndExpand(shared, enc, point);
  const { key, nonce } = schedule(sharedSecret, info);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad, { plaintextLength: text.length });
  const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  wipe(shared, sharedSecret, key, nonce);
  return { enc, sealed };
}

export interface OpenOptions {
  /** Of the recipient: 32 bytes, and its point. */
  scalar: Uint8Array;
  point: Uint8Array;
  info: Uint8Array;
  aad: Uint8Array;
}

/** undefined: it was not sealed to this recipient, or was changed. */
export function open(enc: Uint8Array, sealed: Uint8Array, options: OpenOptions): Buffer | undefined {
  if (enc.length !== POINT_BYTES || sealed.length < TAG_BYTES) return undefined;
  try {
    const { shared } = agreeOnce(enc, options.scalar);
    const sharedSecret = extractAndExpand(shared, enc, options.point);
    const { key, nonce } = schedule(sharedSecret, options.info);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    const text = sealed.subarray(0, -TAG_BYTES);
    decipher.setAAD(options.aad, { plaintextLength: text.length });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    return undefined;
  }
}
