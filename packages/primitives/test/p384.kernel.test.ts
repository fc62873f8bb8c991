import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { jwkOf } from '@cryptbpf/core/crypto';
import { p384, p521 } from '@noble/curves/nist.js';
import { afterAll, describe, expect, it } from 'vitest';
import { ECDSA_OK, ECDSA_REJECTED, KernelEcdsa, type WideCase, type WideCurve } from '../src/p384.js';
import { Random } from './support/random.js';

const CURVES = {
  p384: { noble: p384, node: 'P-384', bytes: 48, hash: 'sha384' },
  p521: { noble: p521, node: 'P-521', bytes: 66, hash: 'sha512' },
} as const;
const HASHES = ['sha256', 'sha384', 'sha512'];
const DSA = 'ieee-p1363';
/* Emulated machines are slow. */
const [COUNT, PER_HASH] = process.env.CRYPTBPF_VM ? [10, 2] : [1000, 20];
const KEYS = 8;

interface Signed extends WideCase {
  readonly publicKey: KeyObject;
  readonly message: Uint8Array;
  readonly hash: string;
}

function xyOf(key: KeyObject): Uint8Array {
  const { x, y } = jwkOf(key);
  return Buffer.concat([Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
}

function bytesOf(value: bigint, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}

const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** What node:crypto says. */
function expected({ publicKey, message, hash, signature }: Signed): number {
  const valid = verify(hash, message, { key: publicKey, dsaEncoding: DSA }, signature);
  return valid ? ECDSA_OK : ECDSA_REJECTED;
}

describe.each(['p384', 'p521'] as const)('ECDSA on %s', (curve: WideCurve) => {
  const { noble, node, bytes, hash: defaultHash } = CURVES[curve];
  const { n, p } = { n: noble.Point.Fn.ORDER, p: noble.Point.Fp.ORDER };
  const kernel = new KernelEcdsa(curve);
  const random = new Random(curve);
  const pairs = Array.from({ length: KEYS }, () => generateKeyPairSync('ec', { namedCurve: node }));

  afterAll(() => kernel[Symbol.dispose]());

  function signed(hash: string = defaultHash): Signed {
    const { publicKey, privateKey } = random.pick(pairs);
    const message = random.bytes(1 + random.below(100));
    const signature = sign(hash, message, { key: privateKey, dsaEncoding: DSA });
    const digest = createHash(hash).update(message).digest();
    return { publicKey, key: xyOf(publicKey), message, hash, digest, signature };
  }

  function mutated(given: Signed): Signed {
    const signature = Buffer.from(given.signature);
    const other = random.pick(pairs).publicKey;
    switch (random.below(3)) {
      case 0: {
        const byte = random.below(signature.length);
        signature[byte]! ^= 1 << random.below(8);
        return { ...given, signature };
      }
      case 1: {
        const message = random.bytes(20);
        return { ...given, message, digest: createHash(given.hash).update(message).digest() };
      }
      default:
        return { ...given, publicKey: other, key: xyOf(other) };
    }
  }

  /** Without a hash function: digests as numbers, and a key that is a known multiple of the generator. */
  function constructed(z: bigint, d: bigint, k: bigint): WideCase {
    const { Fn } = noble.Point;
    const r = noble.Point.BASE.multiply(k).toAffine().x % n;
    const s = (((Fn.inv(k) * (z + r * d)) % n) + n) % n;
    return {
      key: noble.Point.BASE.multiply(d).toBytes(false).slice(1),
      digest: bytesOf(z, defaultHash === 'sha384' ? 48 : 64),
      signature: Buffer.concat([bytesOf(r, bytes), bytesOf(s, bytes)]),
    };
  }

  const withNumbers = (given: WideCase, r: bigint, s: bigint): WideCase => ({
    ...given,
    signature: Buffer.concat([bytesOf(r, bytes), bytesOf(s, bytes)]),
  });

  it('agrees with node:crypto on random signatures, valid and mutated', () => {
    const cases = Array.from({ length: COUNT }, (_, i) => (i % 2 ? mutated(signed()) : signed()));
    const results = kernel.verify(cases);
    expect(results).toEqual(cases.map(expected));
    expect(results.filter((result) => result === ECDSA_OK).length).toBeGreaterThanOrEqual(COUNT / 2);
  });

  it('takes the leftmost bits of longer digests, and shorter ones as they are', () => {
    const cases = HASHES.flatMap((hash) => Array.from({ length: PER_HASH }, () => signed(hash)));
    for (const hook of ['xdp', 'tc'] as const)
      expect(kernel.verify(cases, hook)).toEqual(cases.map(() => ECDSA_OK));
  });

  it('refuses r and s outside 1 to n - 1', () => {
    const given = signed();
    const [r, s] = [numberOf(given.signature.subarray(0, bytes)), numberOf(given.signature.subarray(bytes))];
    const limit = 2n ** BigInt(8 * bytes) - 1n;
    const outside = [0n, n, n + 1n, p, limit];
    const cases = outside.flatMap((value) => [withNumbers(given, value, s), withNumbers(given, r, value)]);
    if (s + n <= limit) cases.push(withNumbers(given, r, s + n));
    if (r + n <= limit) cases.push(withNumbers(given, r + n, s));
    expect(kernel.verify(cases)).toEqual(cases.map(() => ECDSA_REJECTED));
    expect(kernel.verify([withNumbers(given, r, n - s)])).toEqual([ECDSA_OK]);
  });

  /* Noble takes long where it is emulated: here, and below. */
  if (!process.env.CRYPTBPF_VM)
    it('adds points that are equal, opposite or infinity', () => {
      const numbers = [1n, 2n, 16n, 17n, n - 1n, n - 2n, n - 16n, (n + 1n) / 2n];
      const half = 2n ** 200n + 12_345n;
      const valid = numbers.flatMap((d) => [1n, n - 1n, half].flatMap((k) => constructed(half, d, k)));
      valid.push(constructed(0n, 5n, 7n), constructed(0n, n - 1n, 1n));
      expect(kernel.verify(valid)).toEqual(valid.map(() => ECDSA_OK));
      /* z = -r d: the sum is infinity, whatever s is. */
      const z = 2n ** 100n;
      expect(kernel.verify([withNumbers(constructed(z, 1n, 3n), n - z, 5n)])).toEqual([ECDSA_REJECTED]);
    });

  if (!process.env.CRYPTBPF_VM)
    it('compares x modulo n: r and r + n', () => {
      /* The x of a point between n and p, so that r = x - n: the key follows from r, s and z. */
      let x = n + 1n;
      while (!isOnCurve(x)) x++;
      const point = noble.Point.fromHex(`02${x.toString(16).padStart(2 * bytes, '0')}`);
      const [r, s, z] = [x - n, 3n, 5n];
      const inverse = noble.Point.Fn.inv(r);
      const key = point.multiply(s).subtract(noble.Point.BASE.multiply(z)).multiply(inverse);
      const digest = bytesOf(z, 48);
      const base = { key: key.toBytes(false).slice(1), digest, signature: new Uint8Array() };
      expect(kernel.verify([withNumbers(base, r, s), withNumbers(base, r + 1n, s)])).toEqual([
        ECDSA_OK,
        ECDSA_REJECTED,
      ]);
    });

  function isOnCurve(x: bigint): boolean {
    try {
      noble.Point.fromHex(`02${x.toString(16).padStart(2 * bytes, '0')}`);
      return true;
    } catch {
      return false;
    }
  }

  it('refuses keys that are not on the curve, and digests of other lengths', () => {
    const given = signed();
    const [x, y] = [numberOf(given.key.subarray(0, bytes)), numberOf(given.key.subarray(bytes))];
    const withKey = (a: bigint, b: bigint) => ({
      ...given,
      key: Buffer.concat([bytesOf(a, bytes), bytesOf(b, bytes)]),
    });
    const cases: WideCase[] = [
      withKey(x, y ^ 1n),
      withKey(0n, 0n),
      withKey(p, y),
      withKey(x, p),
      withKey(y, x),
    ];
    const lengths = [0, 20, 40, 47].map((length) => ({ ...given, digest: given.digest.subarray(0, length) }));
    expect(kernel.verify([...cases, ...lengths])).toEqual([...cases, ...lengths].map(() => ECDSA_REJECTED));
    expect(kernel.verify([given, { ...given, key: withKey(x, p - y).key }])).toEqual([
      ECDSA_OK,
      ECDSA_REJECTED,
    ]);
  });
});
