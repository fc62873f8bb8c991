import { describe, expect, test } from 'vitest';
import { possibleCpus } from '../src/index.js';
import { type CoreKey, CoreLevel, CoreMode, type CoreValue } from './core_test.gen.js';
import { frameOf, loadCore, openCore } from './support/core-object.js';

const key = (n: number): CoreKey => ({ address: new Uint8Array(16).fill(n), port: n, protocol: 17 });

const value = (n: number): CoreValue => ({
  total: { packets: BigInt(n), bytes: 2n ** 63n },
  byDirection: [
    { packets: 1n, bytes: 2n },
    { packets: 3n, bytes: 4n },
  ],
  balance: -5n,
  flags: 1099511627776n,
  mode: CoreMode.CORE_MODE_REPORT,
  level: CoreLevel.CORE_LEVEL_LOW,
  seen: [6, 7, 8],
  offset: -9,
  ports: [10, 65535],
  bias: -12,
  trend: -13,
  blocked: true,
  label: new TextEncoder().encode('labelled'),
});

const code = (code: string) => expect.objectContaining({ code });

describe('a hash map', () => {
  test('gives back what was set, until it is deleted', () => {
    using core = loadCore();
    const { hosts } = core.maps;
    expect(hosts.get(key(1))).toBeUndefined();
    hosts.set(key(1), value(1));
    hosts.set(key(2), value(2));
    expect(hosts.get(key(1))).toEqual(value(1));
    expect(hosts.get(key(2))).toEqual(value(2));
    expect(hosts.delete(key(1))).toBe(true);
    expect(hosts.delete(key(1))).toBe(false);
    expect([...hosts]).toEqual([[key(2), value(2)]]);
  });

  test('sets only what is new, or only what exists', () => {
    using core = loadCore();
    const { hosts } = core.maps;
    expect(() => hosts.set(key(1), value(1), { mode: 'exist' })).toThrow(code('ERR_NOT_FOUND'));
    hosts.set(key(1), value(1), { mode: 'create' });
    expect(() => hosts.set(key(1), value(2), { mode: 'create' })).toThrow(code('ERR_EXISTS'));
    hosts.set(key(1), value(3), { mode: 'exist' });
    expect(hosts.get(key(1))).toEqual(value(3));
  });

  test('that is full says so', () => {
    const spec = openCore();
    spec.map('hosts').maxEntries = 2;
    using core = spec.load();
    for (const n of [1, 2]) core.maps.hosts.set(key(n), value(n));
    expect(() => core.maps.hosts.set(key(3), value(3))).toThrow(code('ERR_MAP_FULL'));
    core.maps.hosts.set(key(2), value(4));
    core.maps.hosts.delete(key(1));
    core.maps.hosts.set(key(3), value(3));
  });

  test('refuses keys and values of other shapes, and is not changed', () => {
    using core = loadCore();
    const { hosts, raw } = core.maps;
    const wrong: [unknown, unknown, RegExp][] = [
      [{ ...key(1), address: new Uint8Array(4) }, value(1), /address.*4 bytes.*u8\[16\]/],
      [{ ...key(1), port: 65536 }, value(1), /port.*65536.*u16/],
      [undefined, value(1), /map hosts/],
      ['text', value(1), /./],
      [key(1), { ...value(1), total: undefined }, /map hosts/],
      [key(1), { ...value(1), seen: [1, 2] }, /seen.*array\[3\]/],
      [key(1), { ...value(1), balance: 5 }, /balance.*bigint 5n/],
      [key(1), null, /map hosts/],
    ];
    for (const [k, v, message] of wrong) {
      const set = () => hosts.set(k as never, v as never);
      expect(set).toThrow(code('ERR_BAD_VALUE'));
      expect(set).toThrow(message);
    }
    expect(() => raw.get(new Uint8Array(5))).toThrow(/5 bytes is no u8\[6\]/);
    expect(() => raw.set(new Uint8Array(6), new Uint8Array(11))).toThrow(code('ERR_BAD_VALUE'));
    expect([...hosts, ...raw]).toEqual([]);
  });

  test('of bytes takes bytes', () => {
    using core = loadCore();
    const { raw } = core.maps;
    raw.set(Uint8Array.of(1, 2, 3, 4, 5, 6), new Uint8Array(10).fill(9));
    expect([...raw]).toEqual([[Uint8Array.of(1, 2, 3, 4, 5, 6), new Uint8Array(10).fill(9)]]);
  });
});

describe('an iteration', () => {
  test('goes over all keys, each once', () => {
    using core = loadCore();
    const { recent } = core.maps;
    const numbers = Array.from({ length: 500 }, (_, i) => i * 7);
    for (const n of numbers) recent.set(n, BigInt(n));
    expect([...recent.keys()].sort((a, b) => a - b)).toEqual(numbers);
    expect([...recent].every(([k, v]) => BigInt(k) === v)).toBe(true);
  });

  test('may delete what it goes over', () => {
    using core = loadCore();
    const { recent } = core.maps;
    for (let n = 0; n < 300; n++) recent.set(n, 1n);
    for (const n of recent.keys()) recent.delete(n);
    expect([...recent]).toEqual([]);
  });

  test('of a map that changes all the time ends', () => {
    const spec = openCore();
    spec.map('hosts').maxEntries = 16;
    using core = spec.load();
    const { hosts } = core.maps;
    hosts.set(key(0), value(0));
    let n = 0;
    const churn = () => {
      for (const k of hosts.keys()) {
        hosts.delete(k);
        hosts.set(key(++n % 200), value(0));
      }
    };
    expect(() => {
      for (;;) churn();
    }).toThrow(code('ERR_ITERATION_ABORTED'));
    expect(n).toBeGreaterThanOrEqual(33);
  });
});

describe('an LRU hash map', () => {
  test('makes room for new entries', () => {
    using core = loadCore();
    const { recent } = core.maps;
    for (let n = 0; n < 5000; n++) recent.set(n, BigInt(n));
    expect(recent.get(4999)).toBe(4999n);
    expect([...recent.keys()].length).toBeLessThanOrEqual(recent.maxEntries);
  });
});

describe('an array', () => {
  test('has all its elements from the first, and no other', () => {
    using core = loadCore();
    const { slots } = core.maps;
    expect([...slots.keys()]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    slots.set(15, value(15));
    expect(slots.at(15)).toEqual(value(15));
    expect(slots.get(16)).toBeUndefined();
    expect(() => slots.at(16)).toThrow(code('ERR_NOT_FOUND'));
    expect(() => slots.at(16)).toThrow('map slots has 16 elements, no element 16');
    expect(() => slots.set(16, value(1))).toThrow(code('ERR_MAP_FULL'));
    expect(slots).not.toHaveProperty('delete');
  });
});

describe('per-CPU maps', () => {
  test('have a value for each possible CPU', () => {
    using core = loadCore();
    const values = Array.from({ length: possibleCpus() }, (_, cpu) => ({ packets: BigInt(cpu), bytes: 7n }));
    core.maps.cpu_slots.set(3, values);
    core.maps.cpu_hosts.set(42, values);
    core.maps.cpu_recent.set(
      42,
      values.map((_, cpu) => cpu + 1),
    );
    expect(core.maps.cpu_slots.at(3)).toEqual(values);
    expect(core.maps.cpu_hosts.get(42)).toEqual(values);
    expect(core.maps.cpu_recent.get(42)).toEqual(values.map((_, cpu) => cpu + 1));
    expect([...core.maps.cpu_hosts]).toEqual([[42, values]]);
    expect(core.maps.cpu_hosts.delete(42)).toBe(true);
  });

  test('refuse another number of values', () => {
    using core = loadCore();
    const wrong = new Array(possibleCpus() + 1).fill(1);
    expect(() => core.maps.cpu_recent.set(1, wrong)).toThrow(code('ERR_BAD_VALUE'));
    expect(() => core.maps.cpu_recent.set(1, 5 as never)).toThrow(/one for each of \d+ possible CPUs/);
  });

  test('are counted in by programs', () => {
    using core = loadCore();
    core.programs.core_xdp.testRun({ data: frameOf(100), repeat: 10 });
    const counters = core.maps.cpu_slots.at(0);
    expect(counters.reduce((sum, { packets }) => sum + packets, 0n)).toBe(10n);
    expect(counters.reduce((sum, { bytes }) => sum + bytes, 0n)).toBe(1000n);
  });
});

test('an LPM trie finds the longest prefix that fits', () => {
  const spec = openCore();
  spec.map('prefixes').maxEntries = 4;
  using core = spec.load();
  const { prefixes } = core.maps;
  const prefix = (prefixLength: number, ...address: number[]) => ({
    prefixLength,
    address: Uint8Array.from(address),
  });
  prefixes.set(prefix(0, 0, 0, 0, 0), 1);
  prefixes.set(prefix(8, 10, 0, 0, 0), 3);
  prefixes.set(prefix(9, 10, 128, 0, 0), 4);
  const answers: [number[], number][] = [
    [[10, 1, 2, 3], 3],
    [[10, 129, 2, 3], 4],
    [[11, 1, 2, 3], 1],
  ];
  for (const [address, answer] of answers) {
    expect(prefixes.get(prefix(32, ...address))).toBe(answer);
    const data = new Uint8Array([...address, ...new Uint8Array(60)]);
    expect(core.programs.core_xdp_prefix.testRun({ data }).returnValue).toBe(answer);
  }
  expect(prefixes.get(prefix(4, 10, 0, 0, 0))).toBe(1);
  expect([...prefixes.keys()].map((k) => k.prefixLength).sort()).toEqual([0, 8, 9]);
  prefixes.set(prefix(32, 1, 1, 1, 1), 5);
  expect(() => prefixes.set(prefix(32, 2, 2, 2, 2), 5)).toThrow(code('ERR_MAP_FULL'));
  expect(() => prefixes.setBatch([[prefix(32, 2, 2, 2, 2), 5]])).toThrow(code('ERR_MAP_FULL'));
  expect(prefixes.delete(prefix(0, 0, 0, 0, 0))).toBe(true);
  expect(prefixes.get(prefix(32, 11, 1, 2, 3))).toBeUndefined();
});

test('a prog array holds programs to tail-call', () => {
  using core = loadCore();
  const { chain } = core.maps;
  const { core_xdp, core_xdp_drop, core_tc } = core.programs;
  expect(chain.get(0)).toBeUndefined();
  chain.set(0, core_xdp_drop);
  expect(chain.get(0)).toBe(core_xdp_drop.info().id);
  expect(core_xdp.testRun({ data: frameOf(60) }).returnValue).toBe(1);
  expect(chain.delete(0)).toBe(true);
  expect(chain.delete(0)).toBe(false);
  expect(core_xdp.testRun({ data: frameOf(60) }).returnValue).toBe(2);
  expect(() => chain.set(4, core_xdp_drop)).toThrow(code('ERR_MAP_FULL'));
  expect(() => chain.set(0, core_tc)).toThrow(/EINVAL/);
});
