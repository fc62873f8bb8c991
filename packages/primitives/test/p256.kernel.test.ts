import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  KernelP256,
  numberBytes,
  P256_LOW_S,
  P256_NEGATE_KEY,
  P256_NO_KEY,
  P256_OK,
  P256_REJECTED,
  type P256Case,
} from '../src/p256.js';
import {
  BASE,
  type Constructed,
  concat,
  coordinates,
  encoded,
  Fn,
  N,
  P,
  pair,
  pointWithX,
  signatureOf,
  times,
  timesBase,
  toNumber,
} from './support/p256.js';
import { Random } from './support/random.js';

const random = new Random('p256');
/** Emulated machines get a part of the cases: noble is slow there. */
const emulated = process.env.CRYPTBPF_VM !== undefined;
const randomScalar = () => (toNumber(random.bytes(32)) % (N - 1n)) + 1n;

/** Keys that meet what the other scalar computes: G, -G, small multiples, halves, powers of two. */
const SECRETS = [
  1n,
  N - 1n,
  2n,
  N - 2n,
  3n,
  (N + 1n) / 2n,
  (N - 1n) / 2n,
  1n << 16n,
  1n << 255n,
  128n,
  N - 128n,
];
const RANDOM_KEY = SECRETS.length;
const SMALL_X_KEY = RANDOM_KEY + 1;
const secrets = [...SECRETS, randomScalar()];
const points = secrets.map(timesBase);
const smallX = pointWithX(5n)!;

let kernel: KernelP256;

beforeAll(async () => {
  kernel = await KernelP256.load(SMALL_X_KEY + 1, { generator: 6, key: 4 });
  for (const [i, point] of [...points, smallX].entries()) await kernel.enroll(i, encoded(point));
});
afterAll(() => kernel[Symbol.dispose]());

/** With the table of the key, and without. */
function bothWays(key: number, point = points[key]!): (number | Uint8Array)[] {
  return [key, coordinates(point)];
}

function codes(cases: readonly P256Case[]): number[] {
  return kernel.run(cases).map(({ code }) => code);
}

function signatureCases(key: number, signatures: readonly Constructed[]): [P256Case[], number[]] {
  const cases = bothWays(key).flatMap((key) => signatures.map((made) => ({ key, ...made })));
  const expected = [...signatures, ...signatures].map(({ valid }) => (valid ? P256_OK : P256_REJECTED));
  return [cases, expected];
}

describe('ECDSA', () => {
  /* RFC 6979, A.2.5 */
  const key = Buffer.from(
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    'hex',
  );
  const vectors = [
    [
      'af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf',
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    ],
    [
      '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
      '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    ],
  ].map(([digest, r, s]) => ({
    digest: Buffer.from(digest!, 'hex'),
    signature: Buffer.from(r! + s!, 'hex'),
  }));

  test('the signatures of RFC 6979 are valid, for their own message only', async () => {
    await kernel.enroll(RANDOM_KEY, key);
    const [sample, other] = vectors as [(typeof vectors)[0], (typeof vectors)[0]];
    const swapped = { digest: sample.digest, signature: other.signature };
    for (const given of [RANDOM_KEY, key]) {
      const cases = [sample, other, swapped].map((vector) => ({ key: given, ...vector }));
      expect(codes(cases)).toEqual([P256_OK, P256_OK, P256_REJECTED]);
    }
    await kernel.enroll(RANDOM_KEY, encoded(points[RANDOM_KEY]!));
  });

  test('sums of G and Q in every relation: equal, opposite, infinite', () => {
    const all = [
      1n,
      2n,
      N - 1n,
      (N + 1n) / 2n,
      3n,
      7n,
      8n,
      9n,
      128n,
      65537n,
      N - 2n,
      (N - 1n) / 2n,
      1n << 255n,
    ];
    const scalars = emulated ? all.slice(0, 4) : all;
    for (const [key, secret] of secrets.entries()) {
      if (emulated && key % 4 > 0) continue;
      const made = [0n, ...scalars].flatMap((u1) => scalars.map((u2) => signatureOf(secret, u1, u2)));
      const [cases, expected] = signatureCases(
        key,
        made.filter((one) => one !== undefined),
      );
      expect(codes(cases)).toEqual(expected);
    }
  });

  test('u1 * G = u2 * Q, and its opposite, for random scalars', () => {
    const secret = secrets[RANDOM_KEY]!;
    const made = Array.from({ length: 20 }, randomScalar).flatMap((u2) => [
      signatureOf(secret, Fn.mul(u2, secret), u2)!,
      signatureOf(secret, Fn.neg(Fn.mul(u2, secret)), u2)!,
    ]);
    expect(made.map(({ valid }) => valid)).toEqual(made.map((_, i) => i % 2 === 0));
    const [cases, expected] = signatureCases(RANDOM_KEY, made);
    expect(codes(cases)).toEqual(expected);
  });

  test('r and s at the edges of their range', () => {
    const edges = [
      0n,
      1n,
      N - 1n,
      N,
      N + 1n,
      P - N,
      ...(emulated ? [] : [2n, N - 2n, P - 1n, P, 2n ** 256n - 1n]),
    ];
    for (const r of edges) {
      for (const s of edges) {
        const digest = numberBytes(toNumber(random.bytes(32)));
        const expected = isValid(points[RANDOM_KEY]!, r, s, digest) ? P256_OK : P256_REJECTED;
        const cases = bothWays(RANDOM_KEY).map((key) => ({ key, digest, signature: pair(r, s) }));
        expect(codes(cases)).toEqual([expected, expected]);
      }
    }
  });

  test('a valid signature with s = n - 1, with s = 1, and with digest 0', () => {
    const secret = secrets[RANDOM_KEY]!;
    const made = [N - 1n, 1n].map((s) => withS(secret, s));
    const zero = signatureOf(secret, 0n, randomScalar())!;
    expect(toNumber(zero.digest)).toBe(0n);
    const [cases, expected] = signatureCases(RANDOM_KEY, [...made, zero]);
    expect(expected).toEqual(cases.map(() => P256_OK));
    expect(codes(cases)).toEqual(expected);
  });

  test('an x from n on is r + n', () => {
    const found = Array.from({ length: 40 }, (_, i) => ({
      r: BigInt(i + 1),
      sum: pointWithX(N + BigInt(i + 1)),
    }));
    const cases = found.flatMap(({ r, sum }) => {
      if (!sum) return [];
      const [s, e] = [randomScalar(), randomScalar()];
      const key = coordinates(times(times(sum, s).add(timesBase(N - e)), Fn.inv(r)));
      const digest = numberBytes(e);
      return [
        { key, digest, signature: pair(r, s), expected: P256_OK },
        { key, digest, signature: pair(r + 1n, s), expected: P256_REJECTED },
        { key, digest, signature: pair(r + N, s), expected: P256_REJECTED },
      ];
    });
    expect(cases.length).toBeGreaterThan(emulated ? 3 : 15);
    expect(codes(cases)).toEqual(cases.map(({ expected }) => expected));
  });

  test('low s is an option', () => {
    const made = signatureOf(secrets[RANDOM_KEY]!, randomScalar(), randomScalar())!;
    const [r, s] = [toNumber(made.signature.subarray(0, 32)), toNumber(made.signature.subarray(32))];
    const [low, high] = s <= N / 2n ? [s, N - s] : [N - s, s];
    const cases = [low, high].flatMap((s) =>
      [0, P256_LOW_S].map((flags) => ({
        key: RANDOM_KEY,
        digest: made.digest,
        signature: pair(r, s),
        flags,
      })),
    );
    expect(codes(cases)).toEqual([P256_OK, P256_OK, P256_OK, P256_REJECTED]);
  });

  test('a key that is not enrolled', () => {
    const made = signatureOf(secrets[0]!, 2n, 3n)!;
    const keys = [SMALL_X_KEY + 1, 2 ** 20, 2 ** 32 - 1];
    expect(codes(keys.map((key) => ({ key, ...made })))).toEqual(keys.map(() => P256_NO_KEY));
  });

  function isValid(point: typeof BASE, r: bigint, s: bigint, digest: Uint8Array): boolean {
    if (r <= 0n || r >= N || s <= 0n || s >= N) return false;
    const inverse = Fn.inv(s);
    const sum = timesBase(toNumber(digest) * inverse).add(times(point, r * inverse));
    return !sum.is0() && Fn.create(sum.toAffine().x) === r;
  }

  /** s = (e + r d) / k: the digest that makes it s. */
  function withS(secret: bigint, s: bigint): Constructed {
    const k = randomScalar();
    const r = Fn.create(timesBase(k).toAffine().x);
    return {
      digest: numberBytes(Fn.sub(Fn.mul(s, k), Fn.mul(r, secret))),
      signature: pair(r, s),
      valid: true,
    };
  }
});

describe('sums', () => {
  const edges = [0n, 1n, N - 1n, ...(emulated ? [] : [2n, N / 2n, N / 2n + 1n])];
  const scalars = [
    ...edges.flatMap((a) => edges.map((b) => [a, b] as const)),
    ...Array.from({ length: emulated ? 5 : 60 }, randomPair),
  ];

  test('are computed, checked, and refused where they are infinite', () => {
    for (const flags of [0, P256_NEGATE_KEY]) {
      for (const key of emulated ? [RANDOM_KEY] : [RANDOM_KEY, 0, 1]) {
        const sums = scalars.map(([a, b]) => timesBase(a + (flags ? -b : b) * secrets[key]!));
        for (const given of bothWays(key)) checkSums(given, flags, sums);
      }
    }
  });

  function checkSums(key: number | Uint8Array, flags: number, sums: readonly (typeof BASE)[]): void {
    const given = scalars.map(([a, b]) => ({ key, flags, signature: pair(a, b) }));
    const computed = kernel.run(given.map((one) => ({ ...one, operation: 'sumAffine' as const })));
    const checked = kernel.run(given.map((one, i) => checkCase(one, sums[i]!)));
    const wrong = kernel.run(given.map((one, i) => checkCase(one, sums[i]!.add(BASE))));
    sums.forEach((sum, i) => {
      const expected = sum.is0() ? P256_REJECTED : P256_OK;
      expect(computed[i]!.code).toBe(expected);
      if (!sum.is0()) expect(computed[i]!.point).toEqual(coordinates(sum));
      expect(checked[i]!.code).toBe(expected);
      expect(wrong[i]!.code).toBe(P256_REJECTED);
    });
  }

  function checkCase(one: P256Case, sum: typeof BASE): P256Case {
    return { ...one, operation: 'sumCheck', point: sum.is0() ? new Uint8Array(64) : coordinates(sum) };
  }

  test("the generator's scalar must be below n, the key's is taken modulo n", () => {
    const signature = (a: bigint, b: bigint) => ({ operation: 'sumCheck' as const, signature: pair(a, b) });
    const point = coordinates(timesBase(3n + 4n * secrets[RANDOM_KEY]!));
    for (const key of bothWays(RANDOM_KEY)) {
      const cases = [signature(3n, 4n), signature(3n, N + 4n), signature(N + 3n, 4n), signature(N, 4n)];
      const expected = [P256_OK, P256_OK, P256_REJECTED, P256_REJECTED];
      expect(codes(cases.map((one) => ({ ...one, key, point })))).toEqual(expected);
    }
  });

  test('coordinates must be below p', () => {
    const { x, y } = smallX.toAffine();
    const encodings = [pair(x, y), pair(x + P, y), pair(x, P - y)];
    for (const key of bothWays(SMALL_X_KEY, smallX)) {
      const one = { operation: 'sumCheck' as const, key, signature: pair(0n, 1n) };
      const cases = encodings.map((point) => ({ ...one, point }));
      expect(codes(cases)).toEqual([P256_OK, P256_REJECTED, P256_REJECTED]);
    }
  });

  function randomPair(): readonly [bigint, bigint] {
    return [randomScalar(), randomScalar()];
  }
});

describe('keys on the wire', () => {
  const made = Array.from({ length: 20 }, () => {
    const secret = randomScalar();
    return { point: timesBase(secret), ...signatureOf(secret, randomScalar(), randomScalar())! };
  });

  test('all forms are understood', () => {
    const cases = made.flatMap(({ point, digest, signature }) =>
      [coordinates(point), encoded(point), point.toBytes(true)].map((key) => ({ key, digest, signature })),
    );
    expect(codes(cases)).toEqual(cases.map(() => P256_OK));
  });

  test('the other root is another key', () => {
    const cases = made.map(({ point, digest, signature }) => ({
      key: point.negate().toBytes(true),
      digest,
      signature,
    }));
    expect(codes(cases)).toEqual(cases.map(() => P256_REJECTED));
  });

  test('digest, signature and key may lie in the packet', () => {
    for (const hook of ['xdp', 'tc'] as const) {
      for (const { point, digest, signature } of made.slice(0, 4)) {
        expect(kernel.isValidPacket(digest, signature, encoded(point), hook)).toBe(true);
        expect(kernel.isValidPacket(digest, signature, encoded(point.negate()), hook)).toBe(false);
      }
    }
  });

  test('what is not a point is rejected', () => {
    const { digest, signature } = signatureOf(1n, 2n, 3n)!;
    const { x, y } = smallX.toAffine();
    const noPoint = Array.from({ length: 40 }, (_, i) => BigInt(i)).filter((x) => !pointWithX(x));
    const keys = [
      pair(0n, 0n),
      pair(x, y + 1n),
      pair(x + P, y),
      pair(y, x),
      pair(P, 0n),
      pair(2n ** 256n - 1n, 2n ** 256n - 1n),
      ...[0, 2, 3, 5, 6, 7].map((form) => concat(Uint8Array.of(form), pair(x, y))),
      ...[0, 1, 4, 5].map((form) => concat(Uint8Array.of(form), numberBytes(x))),
      concat(Uint8Array.of(2), numberBytes(x + P)),
      ...noPoint.flatMap((x) => [2, 3].map((form) => concat(Uint8Array.of(form), numberBytes(x)))),
    ];
    expect(noPoint.length).toBeGreaterThan(10);
    expect(codes(keys.map((key) => ({ key, digest, signature })))).toEqual(keys.map(() => P256_REJECTED));
  });
});
