import { createHash, createHmac } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { internetChecksum } from './support/checksum.js';
import { Lib } from './support/lib.js';
import { Random } from './support/random.js';
import { SIPHASH_VECTORS } from './support/siphash-vectors.js';
import { epochKey } from './twin/challenge.js';
import { siphash24 } from './twin/siphash.js';
import { hex } from './twin/state.js';

const lib = new Lib();
const random = new Random(1);
const ROUNDS = 500;
afterAll(() => lib[Symbol.dispose]());

const upTo = (count: number) => Uint8Array.from({ length: count }, (_, i) => i);
const little = (value: bigint) => Buffer.from(value.toString(16).padStart(16, '0'), 'hex').reverse();

describe('SipHash-2-4', () => {
  test("the twin's gives the 64 published results", () => {
    const results = Array.from({ length: 64 }, (_, n) => hex(little(siphash24(upTo(16), upTo(n)))));
    expect(results).toEqual(SIPHASH_VECTORS);
  });

  test("the kernel's gives the published results for two and for five words", () => {
    const { ofTwo, ofFive } = lib.siphash(upTo(16), upTo(40));
    expect(hex(little(ofTwo))).toBe(SIPHASH_VECTORS[16]);
    expect(hex(little(ofFive))).toBe(SIPHASH_VECTORS[40]);
  });

  test('both are the same for random keys and messages', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const [key, data] = [random.bytes(16), random.bytes(40)];
      const expected = { ofTwo: siphash24(key, data.subarray(0, 16)), ofFive: siphash24(key, data) };
      expect(lib.siphash(key, data)).toEqual(expected);
    }
  });
});

describe('SHA-256', () => {
  const FIRST = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ];

  function sha256(message: Uint8Array): string {
    const padded = Buffer.alloc((message.length + 72) & ~63);
    padded.set(message);
    padded[message.length] = 0x80;
    padded.writeUInt32BE(message.length * 8, padded.length - 4);
    let state = Uint32Array.from(FIRST);
    for (let at = 0; at < padded.length; at += 64) {
      state = lib.sha256Block(state, padded.subarray(at, at + 64)) as typeof state;
    }
    return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
  }

  test('block by block, every length up to three blocks', () => {
    for (let length = 0; length < 192; length++) {
      const message = random.bytes(length);
      expect(sha256(message)).toBe(createHash('sha256').update(message).digest('hex'));
    }
  });

  test('the example of FIPS 180-4', () => {
    expect(sha256(Buffer.from('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('HMAC-SHA-256 of one block', () => {
  test('every length that fits', () => {
    for (let length = 0; length <= 55; length++) {
      const [key, message] = [random.bytes(32), random.bytes(length)];
      expect(hex(lib.hmac(key, message))).toBe(createHmac('sha256', key).update(message).digest('hex'));
    }
  });

  /** RFC 4231, cases 1 to 4: a shorter key is one that ends in zeros. */
  const VECTORS = [
    [
      '0b'.repeat(20),
      hex(Buffer.from('Hi There')),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      hex(Buffer.from('Jefe')),
      hex(Buffer.from('what do ya want for nothing?')),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      hex(upTo(26).subarray(1)),
      'cd'.repeat(50),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
  ] as const;

  test.each(VECTORS)('the example of RFC 4231 with the key %s', (key, message, mac) => {
    const padded = Buffer.from(key.padEnd(64, '0'), 'hex');
    expect(hex(lib.hmac(padded, Buffer.from(message, 'hex')))).toBe(mac);
  });

  test("the first bytes of one are an epoch's key", () => {
    for (let i = 0; i < 50; i++) {
      const [master, service, epoch] = [random.bytes(32), random.uint32(), random.uint64()];
      const info = Buffer.alloc(29, 'cryptbpf gate v1');
      info.writeUInt32BE(service, 16);
      info.writeBigUInt64BE(epoch, 20);
      info[28] = 1;
      expect(hex(lib.hmac(master, info)).slice(0, 32)).toBe(hex(epochKey(master, service, epoch)));
    }
  });
});

describe('token buckets', () => {
  /** [burst, interval, times, which of them get a token] */
  const TABLE: [number, bigint, number[], string][] = [
    [1, 100n, [1000, 1000, 1099, 1100, 1199, 1200], '+--+-+'],
    [3, 100n, [1000, 1000, 1000, 1000, 1100, 1100, 1300, 1300, 1300], '+++-+-++-'],
    [2, 1n, [5, 5, 5, 6, 6, 8, 8, 8], '++-+-++-'],
    [1, 0n, [7, 7, 7, 7], '++++'],
    [5, 10n, [100, 100, 100, 100, 100, 100, 149, 149, 149, 149, 149, 150, 150], '+++++-++++-+-'],
  ];

  test.each(TABLE)('a burst of %i, one token in %s ns, at %j: %s', (burst, intervalNs, times, expected) => {
    const rate = { intervalNs, toleranceNs: BigInt(burst - 1) * intervalNs };
    let bucket = 0n;
    const got = times.map((time) => {
      const result = lib.token(bucket, rate, BigInt(time));
      bucket = result.bucket;
      return result.taken ? '+' : '-';
    });
    expect(got.join('')).toBe(expected);
  });

  test('a bucket that a slower rate has emptied is full again at a faster one', () => {
    const second = 1_000_000_000n;
    const slow = { intervalNs: 100n * second, toleranceNs: 0n };
    const fast = { intervalNs: second, toleranceNs: second };
    const now = 1_000n * second;
    const { bucket, taken } = lib.token(0n, slow, now);
    expect(taken).toBe(true);
    const begun = lib.token(bucket, fast, now);
    expect(begun).toEqual({ taken: true, bucket: now + second });
    /* Not what a CPU whose clock is behind finds, which other CPUs have emptied at the same rate. */
    const behind = now - second;
    expect(lib.token(now + 2n * second, fast, behind).taken).toBe(false);
  });

  test('many tokens at once are taken while there is one, and are missing afterwards, whoever comes next', () => {
    const second = 1_000_000_000n;
    const rate = { intervalNs: second, toleranceNs: 9n * second };
    const now = 1_000n * second;
    const many = lib.token(0n, rate, now, 200n);
    expect(many).toEqual({ taken: true, bucket: now + 200n * second });
    expect(lib.token(many.bucket, rate, now, 1n).taken).toBe(false);
    expect(lib.token(many.bucket, rate, now + 190n * second, 1n).taken).toBe(false);
    expect(lib.token(many.bucket, rate, now + 191n * second, 1n).taken).toBe(true);
  });

  test('they are the same as a bucket that fills and is emptied', () => {
    for (let i = 0; i < 40; i++) {
      const [burst, intervalNs] = [1 + random.below(6), BigInt(1 + random.below(50))];
      const rate = { intervalNs, toleranceNs: BigInt(burst - 1) * intervalNs };
      let [bucket, now] = [0n, 1_000_000n];
      let [level, last] = [BigInt(burst) * intervalNs, now];
      for (let step = 0; step < 60; step++) {
        now += BigInt(random.below(60));
        level = minimum(BigInt(burst) * intervalNs, level + now - last);
        last = now;
        const enough = level >= intervalNs;
        if (enough) level -= intervalNs;
        const result = lib.token(bucket, rate, now);
        bucket = result.bucket;
        expect(result.taken).toBe(enough);
      }
    }
  });
});

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

describe('checksums', () => {
  test('a sum of words is folded as RFC 1071 says', () => {
    for (let i = 0; i < ROUNDS; i++) {
      const bytes = random.bytes(2 * (1 + random.below(200)));
      let sum = 0n;
      for (let at = 0; at < bytes.length; at += 2) sum += BigInt(bytes[at]! | (bytes[at + 1]! << 8));
      const folded = lib.checksumFold(sum);
      expect(((folded & 0xff) << 8) | (folded >> 8)).toBe(internetChecksum(bytes));
    }
  });

  test.each([
    [0n, 0xffff],
    [0xffffn, 0],
    [0x10000n, 0xfffe],
    [0xffff_ffffn, 0],
    [0xffff_ffff_ffffn, 0],
    [0x1_0000_0000n, 0xfffe],
  ])('the sum %s becomes %i', (sum, expected) => {
    expect(lib.checksumFold(sum)).toBe(expected);
  });
});
