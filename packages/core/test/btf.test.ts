import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Btf, type BtfType, readBtf } from '../src/btf.js';
import { readElf } from '../src/elf.js';
import { coreObject } from './compile.js';

const section = readElf(readFileSync(coreObject)).sections.find(({ name }) => name === '.BTF')!.data;

interface Dumped {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  nr_elems?: number;
  members?: { name: string; type_id: number; bits_offset: number }[];
  values?: { name: string; val: number | string }[];
}

function bpftoolDump(): Dumped[] {
  const path = fileURLToPath(coreObject);
  return JSON.parse(execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', path], { encoding: 'utf8' })).types;
}

function asDumped(type: BtfType): Partial<Dumped> {
  const { id, kind, name } = type;
  const common = { id, kind: kind.toUpperCase(), name: name || '(anon)' };
  switch (type.kind) {
    case 'struct':
    case 'union': {
      const members = type.members.map(({ name, type: type_id, bitOffset }) => {
        return { name: name || '(anon)', type_id, bits_offset: bitOffset };
      });
      return { ...common, size: type.size, members };
    }
    case 'enum':
    case 'enum64':
      return {
        ...common,
        size: type.size,
        values: type.values.map(({ name, value }) => ({ name, val: Number(value) })),
      };
    case 'array':
      return { ...common, type_id: type.element, nr_elems: type.length };
    case 'int':
      return { ...common, size: type.size };
    case 'ptr':
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'var':
      return { ...common, type_id: type.type };
    default:
      return common;
  }
}

function find(btf: Btf, kind: 'struct' | 'var', name: string): number {
  return btf.find(kind, name)!.id;
}

describe('readBtf', () => {
  it('reads every type as bpftool does', () => {
    const dumped = bpftoolDump();
    const { types } = readBtf(section);
    expect(dumped.length).toBeGreaterThan(100);
    expect(types.slice(1).map(asDumped)).toEqual(dumped.map(pick));
  });

  it('resolves typedefs and qualifiers', () => {
    const btf = readBtf(section);
    expect(btf.resolve(find(btf, 'var', 'limits'))).toMatchObject({ kind: 'struct', name: 'core_counter' });
    expect(btf.resolve(find(btf, 'var', 'verdict'))).toMatchObject({ kind: 'int', size: 4, signed: false });
  });

  it('knows the size of arrays', () => {
    const btf = readBtf(section);
    expect(btf.sizeOf(find(btf, 'var', 'histogram'))).toBe(64);
  });

  it('refuses a section that is none', () => {
    expect(() => readBtf(new Uint8Array(24))).toThrow('BTF: magic is 0x0, expected 0xeb9f');
    expect(() => readBtf(section.subarray(0, 100))).toThrow('BTF is truncated');
  });

  it('refuses a type that is defined by itself', () => {
    expect(() => readBtf(typedefOfItself()).resolve(1)).toThrow('BTF: type 1 is defined by itself');
  });
});

function pick(type: Dumped): Partial<Dumped> {
  const { id, kind, name, size, type_id, nr_elems, members, values } = type;
  const hasSize = ['STRUCT', 'UNION', 'ENUM', 'ENUM64', 'INT'].includes(kind);
  const hasType = ['PTR', 'TYPEDEF', 'CONST', 'VOLATILE', 'VAR', 'ARRAY'].includes(kind);
  return {
    id,
    kind,
    name,
    ...(hasSize ? { size: size! } : {}),
    ...(hasType ? { type_id: type_id! } : {}),
    ...(nr_elems === undefined ? {} : { nr_elems }),
    ...(members === undefined || kind === 'FUNC_PROTO' ? {} : { members: members.map(plainMember) }),
    ...(values === undefined ? {} : { values: values.map(({ name, val }) => ({ name, val: Number(val) })) }),
  };
}

function plainMember({ name, type_id, bits_offset }: { name: string; type_id: number; bits_offset: number }) {
  return { name, type_id, bits_offset };
}

function typedefOfItself(): Uint8Array {
  const bytes = new Uint8Array(24 + 12 + 1);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint32(4, 24, true);
  view.setUint32(12, 12, true);
  view.setUint32(16, 12, true);
  view.setUint32(20, 1, true);
  view.setUint32(24 + 4, 8 << 24, true);
  view.setUint32(24 + 8, 1, true);
  return bytes;
}
