import { afterAll, beforeAll, expect, test } from 'vitest';
import { KernelP256 } from '../src/p256.js';
import { N, P, toNumber } from './support/p256.js';
import { Random } from './support/random.js';

const R = 2n ** 261n;
const COUNT = process.env.CRYPTBPF_VM ? 500 : 20_000;
const EDGES = [0n, 1n, 2n, 2n ** 29n - 1n, 2n ** 29n, 2n ** 224n, 2n ** 256n - 1n, 0xffffffffn << 96n];

const random = new Random('p256 field');
let kernel: KernelP256;

beforeAll(async () => {
  kernel = await KernelP256.load(0, { generator: 4, key: 4 });
});
afterAll(() => kernel[Symbol.dispose]());

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}

/** Every pair of edges, and random ones, of which each fourth has long runs of ones and zeros. */
function operands(modulus: bigint): [bigint, bigint][] {
  const edges = [...EDGES, modulus - 2n, modulus - 1n, modulus, modulus + 1n, modulus / 2n];
  const pairs = edges.flatMap((a) => edges.map((b): [bigint, bigint] => [a, b]));
  while (pairs.length < COUNT) pairs.push([one(pairs.length), one(pairs.length + 1)]);
  return pairs;
}

function one(i: number): bigint {
  const value = toNumber(random.bytes(32));
  return i % 4 === 0
    ? value | (((2n ** BigInt(random.below(256)) - 1n) << BigInt(random.below(128))) % 2n ** 256n)
    : value;
}

function expectAll(found: bigint[], expected: bigint[], modulus: bigint): void {
  const wrong = found.findIndex((value, i) => modulo(value, modulus) !== expected[i]);
  expect(wrong).toBe(-1);
}

for (const [name, operation, modulus] of [
  ['p', 'multiply', P],
  ['n', 'multiplyScalars', N],
] as const) {
  test(`products modulo ${name}`, () => {
    const pairs = operands(modulus);
    const inverse = power(R % modulus, modulus - 2n, modulus);
    const found = kernel.compute(operation, pairs);
    expectAll(
      found,
      pairs.map(([a, b]) => (a * b * inverse) % modulus),
      modulus,
    );
    expect(found.every((value) => value >= 0n && value < 2n * modulus)).toBe(true);
  });
}

test('squares modulo p', () => {
  const pairs = operands(P);
  const inverse = power(R % P, P - 2n, P);
  expectAll(
    kernel.compute('square', pairs),
    pairs.map(([a]) => (a * a * inverse) % P),
    P,
  );
});

test('inverses modulo p', () => {
  const pairs = operands(P).filter(([a]) => a % P !== 0n);
  const found = kernel.compute('invert', pairs);
  const wrong = found.findIndex((value, i) => modulo(value * pairs[i]![0], P) !== (R * R) % P);
  expect(wrong).toBe(-1);
  expect(found.every((value) => value >= 0n && value <= 4n * P)).toBe(true);
});

test('inverses modulo n', () => {
  const pairs = operands(N).filter(([a]) => a > 0n && a < N);
  const found = kernel.compute('invertScalar', pairs);
  const wrong = found.findIndex((value, i) => modulo(value * pairs[i]![0], N) !== R % N);
  expect(wrong).toBe(-1);
});

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let e = exponent, b = base; e > 0n; e >>= 1n, b = (b * b) % modulus)
    if (e & 1n) result = (result * b) % modulus;
  return result;
}
