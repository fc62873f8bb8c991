import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/* What the AEAD alone takes in Node: no keys that change, no record that is made or understood. */

const COUNT = 4096;
const CIPHER = 'chacha20-poly1305';
const OPTIONS = { authTagLength: 16 };

const key = randomBytes(32);
const nonce = randomBytes(12);
const header = randomBytes(24);
const text = randomBytes(128);
const { sealed, tag } = seal();

function seal() {
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
  cipher.setAAD(header, { plaintextLength: text.length });
  const sealed = cipher.update(text);
  cipher.final();
  return { sealed, tag: cipher.getAuthTag() };
}

function open() {
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
  decipher.setAAD(header, { plaintextLength: sealed.length });
  decipher.setAuthTag(tag);
  decipher.update(sealed);
  decipher.final();
}

export const cipherTimes = () => times(seal);
export const decipherTimes = () => times(open);

function times(action) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < COUNT; i++) action();
  return [Number(process.hrtime.bigint() - begin) / COUNT];
}
