import type { Btf } from './btf.js';
import { BpfError } from './errors.js';
import { type FieldLayout, type Layout, Layouts, type ScalarName, type StructLayout } from './layout.js';

/**
 * Turns a C type into a JavaScript value and back. 64-bit integers are bigint, other integers number, `bool`
 * boolean, arrays of bytes Uint8Array, other arrays arrays, structs objects with camelCase properties.
 */
export interface Codec<T = unknown> {
  /** In bytes. */
  readonly size: number;
  /** The value is a copy: it stays valid when the memory behind the view does not. */
  decode(view: DataView, offset: number): T;
  /** Writes all `size` bytes. Throws ERR_BAD_VALUE, naming the field, for what does not fit. */
  encode(view: DataView, offset: number, value: T): void;
}

/** Up to here a loop is faster than making a Uint8Array over the memory. */
const FEW = 32;

type Put<T> = (view: DataView, offset: number, value: T, name: string) => void;

/** Checked writes, for codecs; `name` says in errors what is written. */
export const put = {
  u8: small('u8', 0, 0xff, (view, offset, value) => view.setUint8(offset, value)),
  i8: small('i8', -0x80, 0x7f, (view, offset, value) => view.setInt8(offset, value)),
  u16: small('u16', 0, 0xffff, (view, offset, value) => view.setUint16(offset, value, true)),
  i16: small('i16', -0x8000, 0x7fff, (view, offset, value) => view.setInt16(offset, value, true)),
  u32: small('u32', 0, 0xffffffff, (view, offset, value) => view.setUint32(offset, value, true)),
  i32: small('i32', -0x80000000, 0x7fffffff, (view, offset, value) => view.setInt32(offset, value, true)),

  u64(view: DataView, offset: number, value: bigint, name: string): void {
    if (typeof value !== 'bigint') throw badValue(name, 'u64', value);
    if (BigInt.asUintN(64, value) !== value) throw badValue(name, 'u64', value);
    view.setBigUint64(offset, value, true);
  },

  i64(view: DataView, offset: number, value: bigint, name: string): void {
    if (typeof value !== 'bigint') throw badValue(name, 'i64', value);
    if (BigInt.asIntN(64, value) !== value) throw badValue(name, 'i64', value);
    view.setBigInt64(offset, value, true);
  },

  bool(view: DataView, offset: number, value: boolean, name: string): void {
    if (typeof value !== 'boolean') throw badValue(name, 'bool', value);
    view.setUint8(offset, value ? 1 : 0);
  },

  bytes(view: DataView, offset: number, size: number, value: Uint8Array, name: string): void {
    if (!(value instanceof Uint8Array) || value.length !== size) throw badValue(name, `u8[${size}]`, value);
    if (size > FEW) new Uint8Array(view.buffer, view.byteOffset + offset, size).set(value);
    else for (let i = 0; i < size; i++) view.setUint8(offset + i, value[i]!);
  },

  array<T>(value: readonly T[], length: number, name: string, write: (item: T, index: number) => void): void {
    if (!Array.isArray(value) || value.length !== length) throw badValue(name, `array[${length}]`, value);
    value.forEach(write);
  },

  zeros(view: DataView, offset: number, size: number): void {
    for (let i = 0; i < size; i++) view.setUint8(offset + i, 0);
  },
};

/** Unchecked reads that DataView does not have, for codecs. */
export const take = {
  bytes(view: DataView, offset: number, size: number): Uint8Array {
    // A copy by the constructor is faster than by slice().
    return new Uint8Array(new Uint8Array(view.buffer, view.byteOffset + offset, size));
  },

  array<T>(length: number, read: (index: number) => T): T[] {
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(read(i));
    return items;
  },
};

/** A codec for bytes as they are. */
export function bytesCodec(size: number, name = 'bytes'): Codec<Uint8Array> {
  return {
    size,
    decode: (view, offset) => take.bytes(view, offset, size),
    encode: (view, offset, value) => put.bytes(view, offset, size, value, name),
  };
}

/**
 * A codec that follows the object's types at run time: for tests and ad-hoc use, some ten times slower than what
 * cryptbpf-gen writes. `name` says in errors what is coded. Throws ERR_UNSUPPORTED_TYPE as `Layouts.of` does.
 */
export function codecFor(btf: Btf, typeId: number, name = btf.nameOf(typeId) || `type ${typeId}`): Codec {
  return codecOf(new Layouts(btf).of(typeId, name), name);
}

/** The same for a layout. */
export function codecOf(layout: Layout, name: string): Codec {
  switch (layout.kind) {
    case 'scalar':
    case 'enum':
      return scalarCodec(layout.scalar, layout.size, name);
    case 'bool':
      return boolCodec(name);
    case 'bytes':
      return bytesCodec(layout.size, name);
    case 'array':
      return arrayCodec(codecOf(layout.element, name), layout.length, name);
    case 'struct':
      return structCodec(layout, name);
  }
}

const READERS: { [K in ScalarName]: (view: DataView, offset: number) => number | bigint } = {
  u8: (view, offset) => view.getUint8(offset),
  i8: (view, offset) => view.getInt8(offset),
  u16: (view, offset) => view.getUint16(offset, true),
  i16: (view, offset) => view.getInt16(offset, true),
  u32: (view, offset) => view.getUint32(offset, true),
  i32: (view, offset) => view.getInt32(offset, true),
  u64: (view, offset) => view.getBigUint64(offset, true),
  i64: (view, offset) => view.getBigInt64(offset, true),
};

function scalarCodec(scalar: ScalarName, size: number, name: string): Codec<number | bigint> {
  const write = put[scalar] as Put<number | bigint>;
  const encode = (view: DataView, offset: number, value: number | bigint) => write(view, offset, value, name);
  return { size, decode: READERS[scalar], encode };
}

function boolCodec(name: string): Codec<boolean> {
  return {
    size: 1,
    decode: (view, offset) => view.getUint8(offset) !== 0,
    encode: (view, offset, value) => put.bool(view, offset, value, name),
  };
}

function arrayCodec(element: Codec, length: number, name: string): Codec<unknown[]> {
  const { size } = element;
  return {
    size: length * size,
    decode: (view, offset) => take.array(length, (i) => element.decode(view, offset + i * size)),
    encode: (view, offset, value) =>
      put.array(value, length, name, (item, i) => element.encode(view, offset + i * size, item)),
  };
}

function structCodec(layout: StructLayout, name: string): Codec<Record<string, unknown>> {
  const fields = layout.fields.map((field) => fieldCodec(field, name));
  return {
    size: layout.size,
    decode: (view, offset) => {
      const value: Record<string, unknown> = {};
      for (const field of fields) {
        if (!field.padding) value[field.property] = field.codec.decode(view, offset + field.offset);
      }
      return value;
    },
    encode: (view, offset, value) => {
      if (typeof value !== 'object' || value === null) throw badValue(name, `struct ${layout.name}`, value);
      for (const field of fields) {
        if (field.padding) put.zeros(view, offset + field.offset, field.codec.size);
        else field.codec.encode(view, offset + field.offset, value[field.property]);
      }
    },
  };
}

function fieldCodec(field: FieldLayout, name: string) {
  const codec = codecOf(field.layout, `${name}.${field.property}`);
  return { property: field.property, offset: field.offset, padding: field.padding, codec };
}

function small(
  type: ScalarName,
  min: number,
  max: number,
  write: (view: DataView, offset: number, value: number) => void,
): Put<number> {
  return (view, offset, value, name) => {
    if (!Number.isInteger(value) || value < min || value > max) throw badValue(name, type, value);
    write(view, offset, value);
  };
}

function badValue(name: string, type: string, value: unknown): BpfError {
  const isLong = (type === 'u64' || type === 'i64') && Number.isInteger(value);
  const hint = isLong ? `: write the bigint ${value}n` : '';
  return new BpfError('ERR_BAD_VALUE', `${name}: ${describe(value)} is no ${type}${hint}`);
}

function describe(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `a Uint8Array of ${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length} elements`;
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
