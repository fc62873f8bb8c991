import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KernelP256, P256_OK } from '../src/p256.js';
import { type WycheproofGroup, wycheproof } from './support/vectors.js';

const SIGNATURE_BYTES = 64;
const groups = wycheproof('ecdsa_secp256r1_sha256_p1363_test.json');

function register(groups: readonly WycheproofGroup[]): void {
  let kernel: KernelP256;

  beforeAll(async () => {
    kernel = await KernelP256.load(groups.length, { generator: 6, key: 6 });
    for (const [i, { publicKey }] of groups.entries()) {
      await kernel.enroll(i, Buffer.from((publicKey as { uncompressed: string }).uncompressed, 'hex'));
    }
  });
  afterAll(() => kernel[Symbol.dispose]());

  test('Wycheproof: enrolled keys', () => {
    const cases = groups.flatMap(({ tests }, key) =>
      tests.map(({ tcId, msg, sig, result }) => ({
        tcId,
        key,
        digest: createHash('sha256')
          .update(Buffer.from(msg as string, 'hex'))
          .digest(),
        signature: Buffer.from(sig as string, 'hex'),
        expected: result === 'valid',
      })),
    );
    const sized = cases.filter(({ signature }) => signature.length === SIGNATURE_BYTES);
    const results = kernel.run(sized);
    const wrong = sized.filter(({ expected }, i) => (results[i]!.code === P256_OK) !== expected);
    expect(wrong.map(({ tcId }) => tcId)).toEqual([]);
    expect(
      cases.filter(({ signature, expected }) => signature.length !== SIGNATURE_BYTES && expected),
    ).toEqual([]);
    expect(cases.length).toBe(262);
  });
}

if (groups) register(groups);
