import { createCipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RecordOpener } from '../src/chacha20poly1305.js';

const opener = new RecordOpener();
const ROUNDS = Number(process.env.CRYPTBPF_FUZZ ?? 3000);

function open(key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer | undefined {
  return opener.open(key, nonce, Buffer.concat([aad, sealed]), aad.length);
}

function sealBy(key: Buffer, nonce: Buffer, aad: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Bytes that make carries, as well as random ones. */
function bytesOf(length: number): Buffer {
  const kinds = [() => randomBytes(length), () => Buffer.alloc(length, 0xff), () => Buffer.alloc(length)];
  return kinds[Math.floor(Math.random() * 5)]?.() ?? randomBytes(length);
}

test('it opens what node:crypto sealed, and nothing that was changed', () => {
  for (let i = 0; i < ROUNDS; i++) {
    const [key, nonce] = [bytesOf(32), bytesOf(12)];
    const aad = bytesOf(Math.floor(Math.random() * 40));
    const text = bytesOf(Math.floor(Math.random() * 300));
    const sealed = sealBy(key, nonce, aad, text);
    expect(open(key, nonce, aad, sealed)?.equals(text)).toBe(true);
    sealed[Math.floor(Math.random() * sealed.length)]! ^= 1 << Math.floor(Math.random() * 8);
    expect(open(key, nonce, aad, sealed)).toBeUndefined();
  }
});

test('texts of all lengths up to what a frame holds', () => {
  const [key, nonce, aad] = [randomBytes(32), randomBytes(12), randomBytes(24)];
  for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 9216, 65535 - 16]) {
    const text = randomBytes(length);
    expect(open(key, nonce, aad, sealBy(key, nonce, aad, text))?.equals(text)).toBe(true);
  }
  expect(open(key, nonce, aad, Buffer.alloc(15))).toBeUndefined();
});

interface Wycheproof {
  testGroups: {
    ivSize: number;
    tests: Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag' | 'result', string>[];
  }[];
}

const vectors = process.env.CRYPTBPF_VECTORS
  ? `${process.env.CRYPTBPF_VECTORS}/chacha20_poly1305_test.json`
  : '';

if (existsSync(vectors))
  test('Wycheproof, from the folder that CRYPTBPF_VECTORS names', () => {
    const { testGroups } = JSON.parse(readFileSync(vectors, 'utf8')) as Wycheproof;
    const tests = testGroups.filter(({ ivSize }) => ivSize === 96).flatMap((group) => group.tests);
    expect(tests.length).toBeGreaterThan(200);
    const bytes = (hex: string) => Buffer.from(hex, 'hex');
    for (const { key, iv, aad, msg, ct, tag, result } of tests) {
      const text = open(bytes(key), bytes(iv), bytes(aad), Buffer.concat([bytes(ct), bytes(tag)]));
      expect(text?.toString('hex')).toBe(result === 'valid' ? msg : undefined);
    }
  });
