import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/* What the AEAD alone takes in Node: no keys that change, no record that is made or understood. */

const COUNT = 4096;
const CHACHA = 'chacha20-poly1305';
const OPTIONS = { authTagLength: 16 };

const key = randomBytes(32);
const nonce = randomBytes(12);
const header = randomBytes(24);
const text = randomBytes(128);

function seal(name) {
  const cipher = createCipheriv(name, key, nonce, OPTIONS);
  cipher.setAAD(header, { plaintextLength: text.length });
  const sealed = cipher.update(text);
  cipher.final();
  return { sealed, tag: cipher.getAuthTag() };
}

function open({ sealed, tag }) {
  const decipher = createDecipheriv(CHACHA, key, nonce, OPTIONS);
  decipher.setAAD(header, { plaintextLength: sealed.length });
  decipher.setAuthTag(tag);
  decipher.update(sealed);
  decipher.final();
}

export const cipherTimes = (name = CHACHA) => times(() => seal(name));

export function decipherTimes() {
  const record = seal(CHACHA);
  return times(() => open(record));
}

function times(action) {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < COUNT; i++) action();
  return [Number(process.hrtime.bigint() - begin) / COUNT];
}
