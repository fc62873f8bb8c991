import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { kernelCrypto } from '../src/kernel-crypto.js';

it('loads what is asked for once, makes a new harness for each key of AES-GCM, and closes all', async () => {
  const kernel = kernelCrypto();
  expect(kernel.hashes).toBe(kernel.hashes);
  expect(kernel.chacha).toBe(kernel.chacha);
  expect(kernel.ecdsa('p384')).toBe(kernel.ecdsa('p384'));
  expect(kernel.ecdsa('p521')).not.toBe(kernel.ecdsa('p384'));
  const [one, other] = [kernel.aesGcm(), kernel.aesGcm({ ghash: 'table-free' })];
  expect(one).not.toBe(other);
  const p256 = await kernel.p256(1);
  const message = randomBytes(10);
  const programs = [
    () => kernel.hashes.sha256(message),
    () => p256.run([{ key: 0, signature: new Uint8Array(64) }]),
    () => one.object.programs.test_xdp!.testRun({ data: new Uint8Array(64) }),
  ];
  for (const run of programs) expect(run).not.toThrow();
  const { hashes } = kernel;
  kernel[Symbol.dispose]();
  expect(() => hashes.sha256(message)).toThrow('closed');
  for (const run of programs.slice(1)) expect(run).toThrow('closed');
});
