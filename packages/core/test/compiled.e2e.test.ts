import { expect, test } from 'vitest';
import { type ArrayMap, BpfError, type HashMap, openObject } from '../src/index.js';
import { compile } from './compile.js';

/* Objects that are compiled for one test alone. */

test('an object that libbpf cannot place says why', () => {
  const source = `
    struct missing_in_kernel { int field; } __attribute__((preserve_access_index));
    extern int no_such_kfunc(void) __attribute__((section(".ksyms")));
    SEC("xdp") int use(void *ctx) { return no_such_kfunc(); }`;
  const attempt = () => openObject(compile(source), { name: 'wanting' }).load();
  expect(attempt).toThrow(BpfError);
  expect(attempt).toThrow(/wanting cannot be loaded.*no_such_kfunc/);
});

interface WideObject {
  maps: { wide: HashMap<number, { bytes: Uint8Array }> };
  programs: object;
  variables: object;
}

test('a batch reads buckets that are larger than what it asks for at first', () => {
  /* 256 KiB a value: four elements are asked for, and some of the 512 buckets have more than four of 512 keys. */
  const source = `
    struct wide { __u8 bytes[262144]; };
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 512); __uint(map_flags, BPF_F_NO_PREALLOC);
             __type(key, __u32); __type(value, struct wide); } wide SEC(".maps");
    SEC("xdp") int use(void *ctx) { __u32 k = 0; return bpf_map_lookup_elem(&wide, &k) ? 1 : 2; }`;
  using object = openObject<WideObject>(compile(source), { name: 'wide' }).load();
  const { wide } = object.maps;
  const value = { bytes: new Uint8Array(262_144) };
  for (let n = 0; n < 512; n++) wide.set(n, value);
  const keys = wide.getBatch().map(([key]) => key);
  expect(keys.sort((a, b) => a - b)).toEqual(Array.from({ length: 512 }, (_, n) => n));
});

test('a map whose values have no codec is loaded and left alone', () => {
  const source = `
    struct holes { __u8 small; __u64 large; };
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32);
             __type(value, struct holes); } holed SEC(".maps");
    SEC("xdp") int use(void *ctx) { __u32 k = 0; return bpf_map_lookup_elem(&holed, &k) ? 1 : 2; }`;
  using object = openObject(compile(source), { name: 'holed' }).load();
  const holed = object.map('holed') as ArrayMap<unknown>;
  expect(holed.info()).toMatchObject({ type: 'hash', keySize: 4, valueSize: 16 });
  expect(() => holed.get(0)).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED_TYPE' }));
});
