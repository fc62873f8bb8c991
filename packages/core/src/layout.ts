import type { Btf, BtfArray, BtfEnum, BtfInt, BtfMember, BtfStruct, BtfType } from './btf.js';
import { BpfError } from './errors.js';

export type ScalarName = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64';

interface Sized {
  /** In bytes. */
  readonly size: number;
}

export interface ScalarLayout extends Sized {
  readonly kind: 'scalar';
  readonly scalar: ScalarName;
}

export interface BoolLayout extends Sized {
  readonly kind: 'bool';
}

export interface EnumLayout extends Sized {
  readonly kind: 'enum';
  readonly name: string;
  readonly scalar: ScalarName;
  readonly values: BtfEnum['values'];
}

/** An array of one-byte integers. */
export interface BytesLayout extends Sized {
  readonly kind: 'bytes';
}

export interface ArrayLayout extends Sized {
  readonly kind: 'array';
  readonly length: number;
  readonly element: Layout;
}

export interface StructLayout extends Sized {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly FieldLayout[];
}

export interface FieldLayout {
  /** As in C. */
  readonly name: string;
  /** As in TypeScript: camelCase. */
  readonly property: string;
  readonly offset: number;
  readonly layout: Layout;
  /** Named `pad`, `pad1`, `_pad`, `reserved`…: no property, written as zeros. */
  readonly padding: boolean;
}

/** How the bytes of a type lie in memory, and what they are in JavaScript. */
export type Layout = ScalarLayout | BoolLayout | EnumLayout | BytesLayout | ArrayLayout | StructLayout;

/** The largest value that a map can hold is far below; this keeps a damaged object from asking for more. */
const MAX_SIZE = 1 << 30;
const MAX_DEPTH = 16;
const PADDING = /^_*(pad(ding)?|reserved)_?\d*$/;

/** Layouts of an object's types; each struct is laid out once. */
export class Layouts {
  readonly #btf: Btf;
  readonly #known = new Map<number, Layout>();
  #depth = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /**
   * The layout of a type; `name` says in errors what it is the type of. Throws ERR_UNSUPPORTED_TYPE for what
   * user space cannot share: pointers, unions, bit fields, floats, structs with implicit padding.
   */
  of(id: number, name: string): Layout {
    const type = this.#btf.resolve(id);
    const known = this.#known.get(type.id);
    if (known) return known;
    if (this.#depth >= MAX_DEPTH) throw unsupported(name, 'nests too deeply');
    this.#depth++;
    try {
      const layout = this.#build(type, this.#btf.nameOf(id), name);
      this.#known.set(type.id, layout);
      return layout;
    } finally {
      this.#depth--;
    }
  }

  #build(type: BtfType, ownName: string, name: string): Layout {
    switch (type.kind) {
      case 'int':
        return integer(type, name);
      case 'enum':
      case 'enum64':
        return enumeration(type, ownName, name);
      case 'array':
        return this.#array(type, name);
      case 'struct':
        return this.#struct(type, ownName || name.replaceAll('.', '_'));
      case 'union':
        throw unsupported(name, 'is a union: use a struct, or an array of bytes');
      case 'ptr':
        throw unsupported(name, 'is a pointer, which means nothing to user space');
      default:
        throw unsupported(name, `is a ${type.kind}, which has no bytes to read`);
    }
  }

  #array(type: BtfArray, name: string): Layout {
    if (type.length === 0) throw unsupported(name, 'is a flexible array: give it a length');
    const element = this.of(type.element, name);
    const size = type.length * element.size;
    if (size > MAX_SIZE) throw unsupported(name, `is an array of ${size} bytes`);
    if (isByte(element)) return { kind: 'bytes', size };
    return { kind: 'array', size, length: type.length, element };
  }

  #struct(type: BtfStruct, name: string): StructLayout {
    const fields: FieldLayout[] = [];
    let end = 0;
    for (const member of type.members) {
      const field = this.#field(member, name);
      checkHole(name, end, field.offset, `before ${field.name}`);
      if (fields.some(({ property }) => property === field.property)) {
        throw unsupported(`${name}.${field.name}`, `has the same name in TypeScript as another field`);
      }
      fields.push(field);
      end = field.offset + field.layout.size;
    }
    checkHole(name, end, type.size, `after ${fields.at(-1)?.name ?? 'nothing'}`);
    return { kind: 'struct', name, size: type.size, fields };
  }

  #field(member: BtfMember, struct: string): FieldLayout {
    const name = `${struct}.${member.name}`;
    if (member.name === '') throw unsupported(struct, 'has a field without a name: name it');
    if (member.bits > 0 || member.bitOffset % 8 !== 0) {
      throw unsupported(name, 'is a bit field: use a whole integer and masks');
    }
    const layout = this.of(member.type, name);
    const padding = PADDING.test(member.name);
    return {
      name: member.name,
      property: camelCase(member.name),
      offset: member.bitOffset / 8,
      layout,
      padding,
    };
  }
}

/** `expires_at_ns` is `expiresAtNs`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([^_])/g, (_, letter: string) => letter.toUpperCase());
}

/** Kernel and user space may fill a hole with different bytes: keys would differ, values would leak memory. */
function checkHole(struct: string, end: number, start: number, where: string): void {
  if (start === end) return;
  if (start < end) throw unsupported(struct, `has overlapping fields ${where}`);
  const hole = start - end;
  throw unsupported(
    struct,
    `has ${hole} bytes of implicit padding ${where}: add the field "__u8 pad[${hole}]"`,
  );
}

function integer(type: BtfInt, name: string): Layout {
  if (type.bits !== type.size * 8) throw unsupported(name, `is an integer of ${type.bits} bits`);
  if (type.bool && type.size === 1) return { kind: 'bool', size: 1 };
  return { kind: 'scalar', size: type.size, scalar: scalarOf(type.size, type.signed, name) };
}

function enumeration(type: BtfEnum, ownName: string, name: string): EnumLayout {
  const { size, signed, values } = type;
  return { kind: 'enum', name: ownName, size, scalar: scalarOf(size, signed, name), values };
}

function scalarOf(size: number, signed: boolean, name: string): ScalarName {
  const names: Record<number, readonly [ScalarName, ScalarName]> = {
    1: ['u8', 'i8'],
    2: ['u16', 'i16'],
    4: ['u32', 'i32'],
    8: ['u64', 'i64'],
  };
  const pair = names[size];
  if (!pair) throw unsupported(name, `is an integer of ${size} bytes: the largest has 8`);
  return pair[signed ? 1 : 0];
}

function isByte(layout: Layout): boolean {
  return layout.kind === 'scalar' && layout.size === 1;
}

function unsupported(name: string, what: string): BpfError {
  return new BpfError('ERR_UNSUPPORTED_TYPE', `${name} ${what}`);
}
