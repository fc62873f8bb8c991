import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KernelP256, P256_OK } from '../src/p256.js';
import { RFC_6979, type WycheproofGroup, wycheproof } from './support/vectors.js';

const SIGNATURE_BYTES = 64;
const found = wycheproof('ecdsa_secp256r1_sha256_p1363_test.json');

interface Vector {
  readonly tcId: number;
  readonly group: number;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

function vectorsOf(groups: readonly WycheproofGroup[]): Vector[] {
  return groups.flatMap(({ tests }, group) =>
    tests.map(({ tcId, msg, sig, result }) => ({
      tcId,
      group,
      digest: createHash('sha256')
        .update(Buffer.from(msg as string, 'hex'))
        .digest(),
      signature: Buffer.from(sig as string, 'hex'),
      valid: result === 'valid',
    })),
  );
}

function keyOf({ publicKey }: WycheproofGroup): Uint8Array {
  return Buffer.from((publicKey as { uncompressed: string }).uncompressed, 'hex');
}

function register(groups: readonly WycheproofGroup[]): void {
  const vectors = vectorsOf(groups);
  const sized = vectors.filter(({ signature }) => signature.length === SIGNATURE_BYTES);
  let kernel: KernelP256;

  beforeAll(async () => {
    kernel = await KernelP256.load(groups.length, { generator: 4, key: 4 });
    for (const [i, group] of groups.entries()) await kernel.enroll(i, keyOf(group));
  });
  afterAll(() => kernel[Symbol.dispose]());

  function wrongOf(keyOfGroup: (group: number) => number | Uint8Array, hook: 'xdp' | 'tc'): number[] {
    const results = kernel.run(
      sized.map(({ group, digest, signature }) => ({ key: keyOfGroup(group), digest, signature })),
      hook,
    );
    return sized.filter(({ valid }, i) => (results[i]!.code === P256_OK) !== valid).map(({ tcId }) => tcId);
  }

  test('all vectors are there, and those of another length than a signature are not valid', () => {
    expect(vectors.length).toBe(groups === found ? 262 : 4);
    expect(vectors.filter(({ signature, valid }) => valid && signature.length !== SIGNATURE_BYTES)).toEqual(
      [],
    );
  });

  for (const hook of ['xdp', 'tc'] as const) {
    test(`enrolled keys in ${hook}`, () => {
      expect(wrongOf((group) => group, hook)).toEqual([]);
    });

    test(`keys without a table in ${hook}`, () => {
      expect(wrongOf((group) => keyOf(groups[group]!), hook)).toEqual([]);
    });
  }
}

register(found ?? [RFC_6979]);
