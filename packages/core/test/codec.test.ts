import { describe, expect, it } from 'vitest';
import { type Codec, codecFor, codecOf, put, take } from '../src/codec.js';
import { Layouts, type StructLayout } from '../src/layout.js';
import { openObject } from '../src/spec.js';
import { compileWhole, coreObject, random, repository } from './compile.js';
import { randomValue } from './values.js';

const { btf } = openObject(coreObject);
const STRUCTS = ['core_key', 'core_counter', 'core_value', 'core_prefix', 'core_event'];

function layoutOf(name: string): StructLayout {
  return new Layouts(btf).of(btf.find('struct', name)!.id, name) as StructLayout;
}

describe('layouts', () => {
  /** The compiler says them in variables of an object of its own. */
  function compiledOffsets(layouts: readonly StructLayout[]) {
    const lines = layouts.map(({ name, fields }) => {
      const offsets = fields.map((field) => `__builtin_offsetof(struct ${name}, ${field.name})`);
      return `const volatile __u32 offsets_${name}[] = { sizeof(struct ${name}), ${offsets.join(', ')} };`;
    });
    const include = `#include "${repository}bpf/test/core_test.bpf.c"`;
    return openObject(compileWhole([include, ...lines].join('\n')));
  }

  it('are what the compiler made', () => {
    const layouts = STRUCTS.map(layoutOf);
    const compiled = compiledOffsets(layouts);
    for (const { name, size, fields } of layouts) {
      const offsets = compiled.variable(`offsets_${name}`).get();
      expect(offsets, name).toEqual([size, ...fields.map(({ offset }) => offset)]);
    }
  });
});

describe('codecFor', () => {
  it.each(STRUCTS)('gives back any %s', (name) => {
    const layout = layoutOf(name);
    const codec = codecFor(btf, btf.find('struct', name)!.id);
    const next = random(7);
    const view = new DataView(new ArrayBuffer(codec.size + 3));
    for (let i = 0; i < 300; i++) {
      const value = randomValue(layout, next);
      codec.encode(view, 3, value);
      expect(codec.decode(view, 3)).toEqual(value);
    }
  });

  it('writes every byte of its size and none beside', () => {
    const codec = codecFor(btf, btf.find('struct', 'core_key')!.id);
    const bytes = new Uint8Array(codec.size + 2).fill(0xee);
    codec.encode(new DataView(bytes.buffer), 1, { address: new Uint8Array(16), port: 0, protocol: 0 });
    expect(bytes).toEqual(Uint8Array.of(0xee, ...new Uint8Array(codec.size), 0xee));
  });

  it('lays out numbers as the kernel reads them', () => {
    const codec = codecFor(btf, btf.find('struct', 'core_key')!.id);
    const bytes = new Uint8Array(codec.size);
    codec.encode(new DataView(bytes.buffer), 0, {
      address: new Uint8Array(16).fill(9),
      port: 0x0102,
      protocol: 17,
    });
    expect([...bytes]).toEqual([...Array(16).fill(9), 2, 1, 17, 0]);
  });

  it('names the field of a bad value', () => {
    const codec = codecFor(btf, btf.find('struct', 'core_key')!.id);
    const view = new DataView(new ArrayBuffer(codec.size));
    const key = { address: new Uint8Array(16), port: 65536, protocol: 0 };
    expect(() => codec.encode(view, 0, key)).toThrow('core_key.port: 65536 is no u16');
  });

  it('gives copies: they outlive the memory that they were read from', () => {
    const memory = new Uint8Array(16).fill(1);
    const codec = codecOf({ kind: 'bytes', size: 4 }, 'x');
    const value = codec.decode(new DataView(memory.buffer, 4), 0) as Uint8Array;
    memory.fill(2);
    expect([...value]).toEqual([1, 1, 1, 1]);
    expect(value.buffer.byteLength).toBe(4);
  });
});

describe('put and take', () => {
  const limits: [keyof typeof put & ('u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32'), number, number][] = [
    ['u8', 0, 255],
    ['i8', -128, 127],
    ['u16', 0, 65535],
    ['i16', -32768, 32767],
    ['u32', 0, 4294967295],
    ['i32', -2147483648, 2147483647],
  ];

  it.each(limits)('%s takes %d to %d', (type, min, max) => {
    const view = new DataView(new ArrayBuffer(8));
    const codec = codecOf(
      { kind: 'scalar', scalar: type, size: Number(type.slice(1)) / 8 },
      'x',
    ) as Codec<number>;
    for (const value of [min, max]) {
      put[type](view, 0, value, 'x');
      expect(codec.decode(view, 0)).toBe(value);
    }
    for (const value of [min - 1, max + 1, 0.5, Number.NaN]) {
      expect(() => put[type](view, 0, value, 'x')).toThrow(`x: ${value} is no ${type}`);
    }
  });

  it('reads arrays in order', () => {
    expect(take.array(3, (i) => i * i)).toEqual([0, 1, 4]);
  });

  it('heeds the start of the view in its buffer', () => {
    const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
    const view = new DataView(buffer, 1);
    expect([...take.bytes(view, 1, 2)]).toEqual([3, 4]);
    put.bytes(view, 0, 1, Uint8Array.of(9), 'x');
    put.zeros(view, 2, 1);
    expect([...new Uint8Array(buffer)]).toEqual([1, 9, 3, 0]);
  });
});
