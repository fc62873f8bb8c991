import { describe, expect, test } from 'vitest';
import { possibleCpus } from '../src/index.js';
import { loadCore, openCore } from './support/core-object.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const byKey = ([a]: [number, unknown], [b]: [number, unknown]) => a - b;

describe('a batch', () => {
  test('sets, reads and deletes as many calls would', () => {
    const spec = openCore();
    spec.map('recent').maxEntries = 100_000;
    using core = spec.load();
    const { recent } = core.maps;
    const entries = numbers(20_000).map((n): [number, bigint] => [n, BigInt(n) * 3n]);
    recent.setBatch(entries);
    expect(recent.get(19_999)).toBe(59_997n);
    expect(recent.getBatch().sort(byKey)).toEqual(entries);
    expect(recent.deleteBatch(numbers(10_000))).toBe(10_000);
    expect(recent.getBatch().sort(byKey)).toEqual(entries.slice(10_000));
  });

  test('of keys that lie one behind the other sets them all to one value, and clear() deletes all', () => {
    const spec = openCore();
    spec.map('recent').maxEntries = 100_000;
    using core = spec.load();
    const { recent } = core.maps;
    const packed = Uint32Array.from(numbers(500));
    recent.setKeys(new Uint8Array(packed.buffer), 7n);
    expect(recent.getBatch().sort(byKey)).toEqual(numbers(500).map((n) => [n, 7n]));
    recent.clear();
    expect(recent.getBatch()).toEqual([]);
    recent.clear();
    recent.setKeys(new Uint8Array(), 7n);
    expect(() => recent.setKeys(new Uint8Array(6), 7n)).toThrow('are 6 bytes, expected a multiple of 4');
    expect(recent.getBatch()).toEqual([]);
  });

  test('of nothing does nothing', () => {
    using core = loadCore();
    const { recent } = core.maps;
    recent.setBatch([]);
    expect(recent.getBatch()).toEqual([]);
    expect(recent.deleteBatch([])).toBe(0);
  });

  test('passes over keys that are not there, and counts the others', () => {
    using core = loadCore();
    const { recent } = core.maps;
    recent.setBatch(numbers(10).map((n) => [2 * n, 1n]));
    expect(recent.deleteBatch(numbers(10))).toBe(5);
    expect(recent.deleteBatch([99, 10, 10, 98])).toBe(1);
    expect(
      recent
        .getBatch()
        .map(([k]) => k)
        .sort((a, b) => a - b),
    ).toEqual([12, 14, 16, 18]);
  });

  test('that does not fit sets those before, and says that the map is full', () => {
    const spec = openCore();
    spec.map('raw').maxEntries = 8;
    using core = spec.load();
    const { raw } = core.maps;
    const entries = numbers(9).map((n): [Uint8Array, Uint8Array] => [
      Uint8Array.of(n, 0, 0, 0, 0, 0),
      new Uint8Array(10),
    ]);
    expect(() => raw.setBatch(entries)).toThrow(expect.objectContaining({ code: 'ERR_MAP_FULL' }));
    expect(raw.getBatch()).toHaveLength(8);
  });

  test('with a value of another shape changes nothing', () => {
    using core = loadCore();
    const { recent } = core.maps;
    expect(() =>
      recent.setBatch([
        [1, 1n],
        [2, 2 as never],
      ]),
    ).toThrow(expect.objectContaining({ code: 'ERR_BAD_VALUE' }));
    expect(recent.getBatch()).toEqual([]);
  });
});

describe('kinds of maps of which some kernels have no batches', () => {
  test('LPM tries', () => {
    using core = loadCore();
    const { prefixes } = core.maps;
    const prefix = (n: number) => ({ prefixLength: 32, address: Uint8Array.of(10, 0, n >> 8, n & 255) });
    prefixes.setBatch(numbers(600).map((n) => [prefix(n), n]));
    expect(
      prefixes
        .getBatch()
        .map(([, n]) => n)
        .sort((a, b) => a - b),
    ).toEqual(numbers(600));
    expect(prefixes.deleteBatch(numbers(700).map(prefix))).toBe(600);
    expect(prefixes.getBatch()).toEqual([]);
    const packed = Uint8Array.of(32, 0, 0, 0, 10, 0, 0, 1, 32, 0, 0, 0, 10, 0, 0, 2);
    prefixes.setKeys(packed, 5);
    expect(prefixes.getBatch().sort()).toEqual([1, 2].map((n) => [prefix(n), 5]));
    prefixes.clear();
    expect(prefixes.getBatch()).toEqual([]);
  });

  test('per-CPU hash maps and arrays', () => {
    using core = loadCore();
    const { cpu_hosts, cpu_slots } = core.maps;
    const values = (n: number) =>
      numbers(possibleCpus()).map((cpu) => ({ packets: BigInt(n), bytes: BigInt(cpu) }));
    cpu_hosts.setBatch(numbers(50).map((n) => [n, values(n)]));
    cpu_slots.setBatch(numbers(16).map((n) => [n, values(n)]));
    expect(cpu_hosts.getBatch().sort(byKey)).toEqual(numbers(50).map((n) => [n, values(n)]));
    expect(cpu_slots.getBatch()).toEqual(numbers(16).map((n) => [n, values(n)]));
    expect(cpu_hosts.deleteBatch(numbers(50))).toBe(50);
  });

  test('arrays, also those that can be viewed', () => {
    using core = loadCore();
    core.maps.live.setBatch(numbers(16).map((n) => [n, BigInt(n)]));
    expect(core.maps.live.getBatch()).toEqual(numbers(16).map((n) => [n, BigInt(n)]));
  });
});
