import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bytesCodec } from '../src/codec.js';
import { BpfError } from '../src/errors.js';
import { generate } from '../src/gen/generate.js';
import { programTypeOf } from '../src/kinds.js';
import { type MapSpec, openObject } from '../src/spec.js';
import { compile, coreObject, random } from './compile.js';

const bytes = readFileSync(coreObject);

describe('openObject', () => {
  it('takes its name from the file, or from the caller', () => {
    expect(openObject(coreObject).name).toBe('core_test');
    expect(openObject(bytes, { name: 'mine' }).name).toBe('mine');
    expect(openObject(bytes).name).toBe('object');
  });

  it('reads the license', () => {
    expect(openObject(coreObject).license).toBe('GPL');
  });

  it('lists programs with section, type and whether they load', () => {
    const { programs } = openObject(coreObject);
    expect(
      Object.fromEntries(
        [...programs].map(([name, { section, type, autoload }]) => [name, [section, type, autoload]]),
      ),
    ).toEqual({
      core_xdp: ['xdp', 'xdp', true],
      core_xdp_drop: ['xdp', 'xdp', true],
      core_xdp_prefix: ['xdp', 'xdp', true],
      core_xdp_refused: ['xdp', 'xdp', false],
      core_tc: ['tc', 'tc', true],
      core_tracepoint: ['tracepoint/syscalls/sys_enter_getppid', 'tracepoint', true],
      core_raw_tp: ['raw_tp/sys_enter', 'raw_tracepoint', true],
      core_emit: ['syscall', 'syscall', true],
    });
  });

  it('lists maps with type, sizes and flags', () => {
    const { maps } = openObject(coreObject);
    const row = (map: MapSpec) => [map.type, map.keySize, map.valueSize, map.maxEntries, map.flags];
    const defined = [...maps.values()].filter(({ internal }) => !internal);
    expect(Object.fromEntries(defined.map((map) => [map.name, row(map)]))).toEqual({
      hosts: ['hash', 20, 104, 1024, 0],
      recent: ['lru_hash', 4, 8, 1024, 0],
      cpu_hosts: ['percpu_hash', 4, 16, 64, 0],
      cpu_recent: ['lru_percpu_hash', 4, 4, 64, 0],
      slots: ['array', 4, 104, 16, 0],
      live: ['array', 4, 8, 16, 1024],
      cpu_slots: ['percpu_array', 4, 16, 16, 0],
      prefixes: ['lpm_trie', 8, 4, 1024, 1],
      chain: ['prog_array', 4, 4, 4, 0],
      events: ['ringbuf', 0, 0, 65536, 0],
      raw: ['hash', 6, 10, 16, 0],
    });
  });

  it.each(['core_test', 'abc', 'a_name_that_is_too_long'])('names the maps of %s as libbpf does', (name) => {
    const args = ['gen', 'skeleton', fileURLToPath(coreObject), 'name', name];
    const skeleton = execFileSync('bpftool', args, { encoding: 'utf8' });
    const maps = [...skeleton.matchAll(/map->name = "(.*)"|maps\[\d+\]\.name = "(.*)"/g)].map(
      (match) => match[1] ?? match[2],
    );
    const spec = openObject(bytes, { name });
    expect([...spec.maps.values()].map(({ kernelName }) => kernelName)).toEqual(maps);
    expect(spec.map('.bss')).toMatchObject({ internal: true, type: 'array', maxEntries: 1 });
  });

  it('knows the event of a ring', () => {
    const { maps } = openObject(coreObject);
    expect(maps.get('events')?.event?.size).toBe(64);
    expect(maps.get('hosts')?.event).toBeUndefined();
  });

  it('reads maps that are pinned by name, hold maps, or hold pointers', () => {
    const { maps } = openObject(
      compile(`
        struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); };
        struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 2); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps");
        struct holder { void *pointer; };
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __uint(pinning, LIBBPF_PIN_BY_NAME); __type(key, __u32); __type(value, struct holder); } holders SEC(".maps");
      `),
    );
    expect(maps.get('outer')).toMatchObject({
      type: 'hash_of_maps',
      keySize: 4,
      valueSize: 4,
      pinned: false,
    });
    expect(maps.get('holders')).toMatchObject({ valueSize: 8, pinned: true });
    expect(() => maps.get('holders')!.value).toThrow('holder.pointer is a pointer');
  });

  it('finds the offsets of variables that DATASEC does not say', () => {
    const { variables } = openObject(coreObject);
    const values = Object.fromEntries([...variables].map(([name, variable]) => [name, variable.get()]));
    expect(values).toEqual({
      verdict: 2,
      reports: true,
      mode: 1,
      magic: new Uint8Array(Buffer.from('coretest')),
      limits: { packets: 1000n, bytes: 1n << 20n },
      threshold: 1n << 40n,
      bias: -3,
      watch_pid: 0xffffffff,
      packets: 0n,
      lost: 0n,
      calls: 0n,
      histogram: Array(16).fill(0),
    });
  });

  it('reads variables in sections of their own', () => {
    const spec = openObject(
      compile('SEC(".data.mine") int mine = 5; const volatile int theirs SEC(".rodata.theirs") = 6;'),
    );
    expect(spec.variable('mine').get()).toBe(5);
    expect(spec.variable('theirs').section).toBe('.rodata.theirs');
    expect(spec.map('.data.mine')).toMatchObject({ internal: true, kernelName: '.data.mine', valueSize: 4 });
  });

  it('takes neither pointers nor unused globals for variables', () => {
    const object = compile(`
      enum mark { MARK = 1 } unused_mark __attribute__((unused));
      int *pointer; int plain;`);
    expect([...openObject(object).variables.keys()]).toEqual(['plain']);
  });

  it('refuses what is no object with BTF', () => {
    const withoutBtf = compile('int x;', ['-target', 'bpf']);
    expect(() => openObject(withoutBtf, { name: 'plain' })).toThrow(
      'object plain has no BTF: compile it with -g',
    );
    expect(() => openObject(new URL('file:///does/not/exist.bpf.o'))).toThrow('cannot be read: ENOENT');
    expect(() => openObject(bytes.subarray(0, 1000))).toThrow(BpfError);
  });

  it('refuses codecs of another version of the object', () => {
    const codecs = { hosts: { key: bytesCodec(12) } };
    expect(() => openObject(bytes, { codecs })).toThrow(
      'map hosts: key is 20 bytes, its codec 12: run cryptbpf-gen again',
    );
  });
});

describe('ObjectSpec', () => {
  it('says what there is when asked for what is not', () => {
    const spec = openObject(coreObject);
    expect(() => spec.map('host')).toThrow(
      'object core_test has no map "host"; it has chain, prefixes, hosts',
    );
    expect(() => spec.program('x')).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }));
    expect(() => spec.variable('x')).toThrow('no variable "x"');
  });

  it('lets sizes and autoload be changed', () => {
    const spec = openObject(coreObject);
    spec.map('hosts').maxEntries = 5;
    spec.program('core_tc').autoload = false;
    expect(spec.maps.get('hosts')!.maxEntries).toBe(5);
    expect(spec.programs.get('core_tc')!.autoload).toBe(false);
  });
});

describe('VariableSpec', () => {
  it.each([
    ['verdict', 1],
    ['reports', false],
    ['magic', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
    ['limits', { packets: 1n, bytes: 2n ** 64n - 1n }],
    ['bias', -0x8000],
    ['threshold', 5n],
    ['histogram', Array.from({ length: 16 }, (_, i) => i)],
  ])('sets %s', (name, value) => {
    const variable = openObject(coreObject).variable(name);
    variable.set(value);
    expect(variable.get()).toEqual(value);
  });

  it('writes to the map that holds it, and nowhere else', () => {
    const spec = openObject(bytes);
    const before = bytes.slice();
    const map = spec.map('.data').initialValue!;
    const untouched = map.slice();
    spec.variable('bias').set(0x0201);
    untouched.set([1, 2], spec.variable('bias').offset);
    expect(map).toEqual(untouched);
    expect(bytes).toEqual(before);
  });

  it.each([
    ['verdict', -1, 'variable verdict: -1 is no u32'],
    ['verdict', 1.5, 'variable verdict: 1.5 is no u32'],
    ['verdict', 1n, 'variable verdict: 1n is no u32'],
    ['bias', 40000, 'variable bias: 40000 is no i16'],
    ['threshold', 5, 'variable threshold: 5 is no u64: write the bigint 5n'],
    ['threshold', -1n, 'variable threshold: -1n is no u64'],
    ['reports', 1, 'variable reports: 1 is no bool'],
    ['magic', new Uint8Array(7), 'variable magic: a Uint8Array of 7 bytes is no u8[8]'],
    ['magic', 'coretest', 'variable magic: "coretest" is no u8[8]'],
    ['limits', { packets: 1n }, 'variable limits.bytes: undefined is no u64'],
    ['limits', null, 'variable limits: null is no struct core_counter'],
    ['histogram', [1], 'variable histogram: an array of 1 elements is no array[16]'],
    ['histogram', Array(16).fill('x'), 'variable histogram: "x" is no u32'],
  ])('refuses %s = %s', (name, value, message) => {
    const variable = openObject(coreObject).variable(name);
    const before = variable.get();
    expect(() => variable.set(value)).toThrow(expect.objectContaining({ code: 'ERR_BAD_VALUE', message }));
    expect(variable.get()).toEqual(before);
  });
});

describe('programTypeOf', () => {
  it.each([
    ['xdp.frags', 'xdp'],
    ['tcx/ingress', 'tc'],
    ['tp/sched/sched_switch', 'tracepoint'],
    ['raw_tp.w/x', 'raw_tracepoint_writable'],
    ['fentry.s/bpf_prog', 'tracing'],
    ['kprobe.multi/x', 'kprobe'],
    ['somewhere', 'unspec'],
  ])('%s is %s', (section, type) => {
    expect(programTypeOf(section)).toBe(type);
  });
});

describe('a damaged object', () => {
  /** Reads all there is to read, so that only a BpfError may come out of it. */
  function readWhole(object: Uint8Array): void {
    const spec = openObject(object, { name: 'damaged' });
    for (const map of spec.maps.values()) {
      attempt(() => map.key);
      attempt(() => map.value);
      attempt(() => map.event);
    }
    for (const variable of spec.variables.values()) attempt(() => variable.get());
    generate(spec);
  }

  function attempt(read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      return false;
    }
  }

  it('gives a BpfError wherever it is cut', () => {
    const sizes = Array.from({ length: 400 }, (_, i) => Math.floor((i * bytes.length) / 400));
    const opened = sizes.filter((size) => attempt(() => readWhole(bytes.subarray(0, size))));
    expect(opened).toEqual([]);
  });

  it('gives a BpfError or is read, whatever bytes are changed', () => {
    const next = random(1);
    const results = Array.from({ length: 1500 }, () => attempt(() => readWhole(mutated(next))));
    expect(new Set(results)).toEqual(new Set([true, false]));
  });

  function mutated(next: () => number): Uint8Array {
    const object = new Uint8Array(bytes);
    const count = 1 + Math.floor(next() * 8);
    for (let i = 0; i < count; i++) object[positionOf(next)] = Math.floor(next() * 256);
    return object;
  }

  /** Half of the changes hit BTF and the headers, where they matter most. */
  function positionOf(next: () => number): number {
    if (next() < 0.5) return Math.floor(next() * bytes.length);
    const btf = bytes.indexOf(Uint8Array.of(0x9f, 0xeb, 1, 0));
    return next() < 0.8 ? btf + Math.floor(next() * 4096) : Math.floor(next() * 64);
  }
});
