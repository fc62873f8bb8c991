import { setImmediate } from 'node:timers/promises';
import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from 'vitest';
import {
  P256_DEFAULT_WIDTHS,
  P256_WIDTHS,
  P256Layout,
  p256GeneratorTable,
  p256Table,
} from '../src/crypto.js';

const { BASE, Fp, Fn } = p256.Point;
const KIB = 1024;
const ENTRY_BYTES = 64;
const MONTGOMERY = 2n ** 261n;
const key = BASE.multiply(0x1234567890abcdefn);

function entry(table: Uint8Array, index: number): bigint[] {
  const number = (at: number) =>
    BigInt(
      `0x${Buffer.from(table.subarray(at, at + 32))
        .reverse()
        .toString('hex')}`,
    );
  return [number(index * ENTRY_BYTES), number(index * ENTRY_BYTES + 32)];
}

function expected(point: typeof BASE, factor: bigint): bigint[] {
  const { x, y } = point.multiplyUnsafe(factor % Fn.ORDER).toAffine();
  return [x, y].map((value) => (value * MONTGOMERY) % Fp.ORDER);
}

describe('a table', () => {
  test('holds the multiples of each window', async () => {
    const table = await p256Table(key.toBytes(), 4);
    expect(table.length).toBe(32 * KIB);
    for (let index = 0; index < table.length / ENTRY_BYTES; index++) {
      const factor = BigInt((index % 8) + 1) << BigInt(4 * Math.floor(index / 8));
      expect(entry(table, index)).toEqual(expected(key, factor));
    }
  });

  test('ends with a window that is cut off where the width does not divide 256', async () => {
    const table = await p256Table(key.toBytes(), 7);
    expect(table.length).toBe(37 * 64 * ENTRY_BYTES);
    expect(entry(table, 36 * 64 + 15)).toEqual(expected(key, 16n << 252n));
  });

  test('is the same from either form of the key, and 256 KiB by default', async () => {
    const [compressed, uncompressed] = await Promise.all([
      p256Table(key.toBytes(true)),
      p256Table(key.toBytes(false)),
    ]);
    expect(compressed.length).toBe(256 * KIB);
    expect(Buffer.from(compressed).equals(uncompressed)).toBe(true);
  });

  test("of the generator is built once, and is the generator's", async () => {
    const table = await p256GeneratorTable();
    expect(await p256GeneratorTable(P256_DEFAULT_WIDTHS.generator)).toBe(table);
    expect(entry(table, 0)).toEqual(expected(BASE, 1n));
    expect(entry(table, 127)).toEqual(expected(BASE, 128n));
  });

  test('is built while the event loop goes on', async () => {
    let turns = 0;
    let done = false;
    const building = p256Table(key.toBytes(), 11).finally(() => {
      done = true;
    });
    while (!done) {
      await setImmediate();
      turns++;
    }
    await building;
    expect(turns).toBeGreaterThan(100);
  });
});

describe('what is no public key', () => {
  const { x, y } = key.toAffine();
  const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const offCurve = Buffer.concat([Buffer.of(4), bytes(x), bytes(y + 1n)]);
  const tooLarge = Buffer.concat([Buffer.of(4), bytes(Fp.ORDER), bytes(y)]);
  const noRoot = Buffer.concat([Buffer.of(2), bytes(1n)]);

  test.each([
    ['infinity', Buffer.of(0), 'public key is the point at infinity'],
    ['64 bytes', key.toBytes(false).subarray(1), 'public key is 64 bytes, not 65, or 33 compressed'],
    ['nothing', Buffer.of(), 'public key is 0 bytes, not 65, or 33 compressed'],
    ['a point beside the curve', offCurve, 'public key is not a point of P-256 in SEC 1 form'],
    ['a coordinate from p on', tooLarge, 'public key is not a point of P-256 in SEC 1 form'],
    ['an x of no point', noRoot, 'public key is not a point of P-256 in SEC 1 form'],
    ['zeros', new Uint8Array(65), 'public key is not a point of P-256 in SEC 1 form'],
  ])('%s is refused', async (_, publicKey, message) => {
    await expect(p256Table(publicKey)).rejects.toMatchObject({ code: 'ERR_BAD_VALUE', message });
  });

  test('a width that is not offered is refused', async () => {
    for (const width of [0, 3, 5, 8.5, 14, Number.NaN]) {
      await expect(p256Table(key.toBytes(), width)).rejects.toMatchObject({ code: 'ERR_BAD_OPTION' });
    }
  });
});

describe('a layout', () => {
  test('puts keys behind the generator', () => {
    const layout = new P256Layout(3, { generator: 8, key: 4 });
    expect(layout.entries).toBe(4096 + 3 * 512);
    expect(layout.bytes).toBe((256 + 3 * 32) * KIB);
    expect(layout.additions).toBe(32 + 64);
    expect([0, 1, 2].map((key) => layout.keyOffset(key))).toEqual([256 * KIB, 288 * KIB, 320 * KIB]);
    for (const key of [-1, 3, 0.5]) expect(() => layout.keyOffset(key)).toThrow(`key ${key} is not one of 3`);
  });

  test('chooses the widths that are fastest within a budget', () => {
    expect(P256Layout.within(64 * KIB, 1).widths).toEqual({ generator: 4, key: 4 });
    expect(P256Layout.within(16 * KIB * KIB, 1).widths).toEqual({ generator: 13, key: 13 });
    for (const [bytes, keys] of [
      [KIB * KIB, 1],
      [20 * KIB * KIB, 64],
      [1024 * KIB * KIB, 4096],
    ] as const) {
      const chosen = P256Layout.within(bytes, keys);
      const others = P256_WIDTHS.flatMap((generator) => P256_WIDTHS.map((key) => ({ generator, key })))
        .map((widths) => new P256Layout(keys, widths))
        .filter((layout) => layout.bytes <= bytes);
      expect(chosen.bytes).toBeLessThanOrEqual(bytes);
      expect(chosen.additions).toBe(Math.min(...others.map(({ additions }) => additions)));
    }
  });

  test('says what is too much', () => {
    expect(() => P256Layout.within(1000, 2)).toThrow(
      'tables for 2 keys need 98304 bytes, not 1000: give more',
    );
    expect(() => new P256Layout(2 ** 21, { generator: 8, key: 13 })).toThrow('do not fit a map');
    expect(() => new P256Layout(1, { generator: 5, key: 8 })).toThrow(
      'width of a table is 5 bits, expected one of 4, 6',
    );
  });
});
