import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { jwkOf, P256_WIDTHS } from '@cryptbpf/core/crypto';
import { expect, test } from 'vitest';
import { KernelP256, P256_OK, type P256Case } from '../src/p256.js';
import { N, pair, toNumber } from './support/p256.js';
import { Random } from './support/random.js';

const KEYS = 64;
const SIGNATURES = 100_000;
const GENERIC_SIGNATURES = 10_000;
const WIDTH_SIGNATURES = 200;
const BATCH = 4096;

const random = new Random('p256 signatures');

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SEC 1, 65 bytes. */
  readonly bytes: Uint8Array;
}

const pairs = Array.from({ length: KEYS }, (): Pair => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { x, y } = jwkOf(publicKey);
  const coordinate = (text?: string) => Buffer.from(text!, 'base64url');
  return { privateKey, publicKey, bytes: Buffer.concat([Buffer.of(4), coordinate(x), coordinate(y)]) };
});

interface Signed {
  readonly key: number;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

function signed(keys: number): Signed {
  const key = random.below(keys);
  const message = random.bytes(24);
  const options = { key: pairs[key]!.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return { key, message, signature: Uint8Array.from(sign('sha256', message, options)) };
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const bit = random.below(8 * copy.length);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** r and s apart. */
function numbers({ signature }: Signed): [bigint, bigint] {
  return [toNumber(signature.subarray(0, 32)), toNumber(signature.subarray(32))];
}

const MUTATIONS: ((given: Signed) => Signed)[] = [
  (given) => ({ ...given, signature: flipped(given.signature) }),
  (given) => ({ ...given, message: flipped(given.message) }),
  (given) => changed(given, (r, s) => [r, s + 1n]),
  (given) => changed(given, (r, s) => [r, N - s]),
  (given) => changed(given, (r, s) => [N - r, s]),
  (given) => changed(given, (r, s) => [s, r]),
  (given) => changed(given, (r, s) => [r + 1n, s]),
  (given) => changed(given, (r) => [r, 0n]),
  (given) => changed(given, (_, s) => [0n, s]),
  (given) => changed(given, (r, s) => [r, (s + N) % 2n ** 256n]),
];

function changed(given: Signed, change: (r: bigint, s: bigint) => [bigint, bigint]): Signed {
  return { ...given, signature: pair(...change(...numbers(given))) };
}

/** Half of them as signed, half of them changed. */
function some(count: number, keys: number): Signed[] {
  return Array.from({ length: count }, (_, i) => {
    const given = signed(keys);
    return i % 2 === 0 ? given : MUTATIONS[(i >> 1) % MUTATIONS.length]!(given);
  });
}

function isValid({ key, message, signature }: Signed): boolean {
  return verify('sha256', message, { key: pairs[key]!.publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** How many were valid, and how many not. */
function agree(
  kernel: KernelP256,
  count: number,
  keyOf: (key: number) => P256Case['key'],
  keys = KEYS,
): [number, number] {
  const found: [number, number] = [0, 0];
  for (let done = 0; done < count; done += BATCH) {
    const given = some(Math.min(BATCH, count - done), keys);
    const results = kernel.run(
      given.map(({ key, message, signature }) => ({
        key: keyOf(key),
        digest: createHash('sha256').update(message).digest(),
        signature,
      })),
    );
    const expected = given.map(isValid);
    expect(results.map(({ code }) => code === P256_OK)).toEqual(expected);
    for (const valid of expected) found[valid ? 0 : 1]++;
  }
  return found;
}

async function enrolled(): Promise<KernelP256> {
  const kernel = await KernelP256.load(KEYS);
  await Promise.all(pairs.map(({ bytes }, i) => kernel.enroll(i, bytes)));
  return kernel;
}

test(`${SIGNATURES} signatures of ${KEYS} enrolled keys: the kernel agrees with node:crypto`, async () => {
  using kernel = await enrolled();
  const [valid, invalid] = agree(kernel, SIGNATURES, (key) => key);
  expect(valid).toBeGreaterThan(SIGNATURES / 2);
  expect(invalid).toBeGreaterThan(SIGNATURES / 3);
}, 300_000);

test(`${GENERIC_SIGNATURES} signatures of keys without tables, too`, async () => {
  using kernel = await KernelP256.load(0, { generator: 4, key: 4 });
  const [valid, invalid] = agree(kernel, GENERIC_SIGNATURES, (key) => pairs[key]!.bytes);
  expect(valid).toBeGreaterThan(GENERIC_SIGNATURES / 2);
  expect(invalid).toBeGreaterThan(GENERIC_SIGNATURES / 3);
}, 300_000);

for (const width of P256_WIDTHS) {
  test(`windows of ${width} bits`, async () => {
    using kernel = await KernelP256.load(1, { generator: width, key: width });
    await kernel.enroll(0, pairs[0]!.bytes);
    const [valid] = agree(kernel, WIDTH_SIGNATURES, () => 0, 1);
    expect(valid).toBeGreaterThan(WIDTH_SIGNATURES / 2);
  }, 120_000);
}
