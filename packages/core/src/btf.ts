import { BpfError } from './errors.js';
import { Reader } from './reader.js';

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** From the start of the struct. */
  readonly bitOffset: number;
  /** 0 unless the member is a bit field. */
  readonly bits: number;
}

export interface BtfVariable {
  readonly type: number;
  /** 0 in an object that was not linked: the symbol table has the offset. */
  readonly offset: number;
  readonly size: number;
}

interface Common {
  readonly id: number;
  /** Empty for an anonymous type. */
  readonly name: string;
}

export interface BtfInt extends Common {
  readonly kind: 'int';
  readonly size: number;
  readonly bits: number;
  readonly signed: boolean;
  readonly bool: boolean;
}

/** A type that is said by another one. */
export interface BtfReference extends Common {
  readonly kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag';
  readonly type: number;
}

export interface BtfArray extends Common {
  readonly kind: 'array';
  readonly element: number;
  readonly length: number;
}

export interface BtfStruct extends Common {
  readonly kind: 'struct' | 'union';
  readonly size: number;
  readonly members: readonly BtfMember[];
}

export interface BtfEnum extends Common {
  readonly kind: 'enum' | 'enum64';
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface BtfVar extends Common {
  readonly kind: 'var';
  readonly type: number;
  readonly global: boolean;
}

export interface BtfSection extends Common {
  readonly kind: 'datasec';
  readonly size: number;
  readonly variables: readonly BtfVariable[];
}

/** What says nothing about memory that user space shares. */
export interface BtfOther extends Common {
  readonly kind: 'void' | 'fwd' | 'func' | 'func_proto' | 'float' | 'decl_tag';
}

export type BtfType = BtfInt | BtfReference | BtfArray | BtfStruct | BtfEnum | BtfVar | BtfSection | BtfOther;

export type BtfKind = BtfType['kind'];

/** The kinds by their number in the BTF encoding. */
const KINDS: readonly BtfKind[] = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
];

const MAGIC = 0xeb9f;
const POINTER_SIZE = 8;
/** As in the kernel: deeper chains of types are cycles or attacks. */
const MAX_DEPTH = 32;
const INT_SIGNED = 1;
const INT_BOOL = 4;

/** The types of an object: https://docs.kernel.org/bpf/btf.html */
export class Btf {
  /** By id; type 0 is void. */
  readonly types: readonly BtfType[];

  constructor(types: readonly BtfType[]) {
    this.types = types;
  }

  /** Throws ERR_BAD_OBJECT where there is no such type. */
  get(id: number): BtfType {
    const type = this.types[id];
    if (!type) throw bad(`type ${id} does not exist, the last one is ${this.types.length - 1}`);
    return type;
  }

  find<K extends BtfKind>(kind: K, name: string): (BtfType & { kind: K }) | undefined {
    const found = this.types.find((type) => type.kind === kind && type.name === name);
    return found as (BtfType & { kind: K }) | undefined;
  }

  /** The type itself, without typedefs and qualifiers. */
  resolve(id: number): BtfType {
    let type = this.get(id);
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      if (!isAlias(type)) return type;
      type = this.get(type.type);
    }
    throw bad(`type ${id} is defined by itself`);
  }

  /** In bytes. Throws ERR_UNSUPPORTED_TYPE where the type has no size. */
  sizeOf(id: number): number {
    let count = 1;
    let type = this.resolve(id);
    for (let depth = 0; type.kind === 'array'; depth++) {
      if (depth > MAX_DEPTH) throw bad(`type ${id} is an array of itself`);
      count *= type.length;
      type = this.resolve(type.element);
    }
    if (type.kind === 'ptr') return count * POINTER_SIZE;
    if ('size' in type) return count * type.size;
    throw new BpfError('ERR_UNSUPPORTED_TYPE', `type ${id} (${type.kind} ${type.name}) has no size`);
  }

  /** The name that stands for an anonymous struct or enum as well: its typedef's. */
  nameOf(id: number): string {
    let type = this.get(id);
    for (let depth = 0; depth < MAX_DEPTH && isAlias(type); depth++) {
      const target = this.get(type.type);
      if (type.kind === 'typedef' && !isAlias(target) && target.name === '') return type.name;
      type = target;
    }
    return type.name;
  }
}

function isAlias(type: BtfType): type is BtfReference | BtfVar {
  switch (type.kind) {
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
    case 'var':
      return true;
    default:
      return false;
  }
}

/** Reads a .BTF section. Throws ERR_BAD_OBJECT. */
export function readBtf(section: Uint8Array): Btf {
  const header = new Reader(section, 'BTF');
  if (header.u16(0) !== MAGIC) throw bad(`magic is 0x${header.u16(0).toString(16)}, expected 0xeb9f`);
  const length = header.u32(4);
  const types = header.slice(length + header.u32(8), header.u32(12));
  const strings = header.slice(length + header.u32(16), header.u32(20));
  return new Btf(new TypeReader(types, strings).read());
}

/** Walks over the types, each a header of 12 bytes and what its kind adds. */
class TypeReader {
  readonly #types: Reader;
  readonly #strings: Reader;
  #at = 0;

  constructor(types: Uint8Array, strings: Uint8Array) {
    this.#types = new Reader(types, 'BTF types');
    this.#strings = new Reader(strings, 'BTF strings');
  }

  read(): BtfType[] {
    const types: BtfType[] = [{ id: 0, name: '', kind: 'void' }];
    while (this.#at < this.#types.bytes.length) types.push(this.#next(types.length));
    return types;
  }

  #next(id: number): BtfType {
    const name = this.#string();
    const info = this.#u32();
    const sizeOrType = this.#u32();
    const kind = KINDS[(info >>> 24) & 31];
    if (!kind || kind === 'void') throw bad(`type ${id} is of the unknown kind ${(info >>> 24) & 31}`);
    return this.#body(kind, { id, name }, info, sizeOrType);
  }

  #body(kind: Exclude<BtfKind, 'void'>, common: Common, info: number, sizeOrType: number): BtfType {
    const count = info & 0xffff;
    const flag = info >>> 31 === 1;
    switch (kind) {
      case 'int':
        return { ...common, kind, size: sizeOrType, ...this.#int() };
      case 'array':
        return { ...common, kind, ...this.#array() };
      case 'struct':
      case 'union':
        return { ...common, kind, size: sizeOrType, members: this.#list(count, () => this.#member(flag)) };
      case 'enum':
        return {
          ...common,
          kind,
          size: sizeOrType,
          signed: flag,
          values: this.#list(count, () => this.#enum(flag)),
        };
      case 'enum64':
        return {
          ...common,
          kind,
          size: sizeOrType,
          signed: flag,
          values: this.#list(count, () => this.#enum64(flag)),
        };
      case 'var':
        return { ...common, kind, type: sizeOrType, global: this.#u32() === 1 };
      case 'datasec':
        return { ...common, kind, size: sizeOrType, variables: this.#list(count, () => this.#variable()) };
      case 'func_proto':
        this.#skip(8 * count);
        return { ...common, kind };
      case 'decl_tag':
        this.#skip(4);
        return { ...common, kind };
      case 'fwd':
      case 'func':
      case 'float':
        return { ...common, kind };
      default:
        return { ...common, kind, type: sizeOrType };
    }
  }

  #int() {
    const data = this.#u32();
    const encoding = (data >>> 24) & 15;
    return {
      bits: data & 255,
      signed: (encoding & INT_SIGNED) !== 0,
      bool: (encoding & INT_BOOL) !== 0,
    };
  }

  #array() {
    const element = this.#u32();
    this.#skip(4); // the type of its index
    return { element, length: this.#u32() };
  }

  #member(bitFields: boolean): BtfMember {
    const name = this.#string();
    const type = this.#u32();
    const offset = this.#u32();
    return bitFields
      ? { name, type, bitOffset: offset & 0xffffff, bits: offset >>> 24 }
      : { name, type, bitOffset: offset, bits: 0 };
  }

  #enum(signed: boolean) {
    const name = this.#string();
    const value = this.#u32();
    return { name, value: BigInt(signed ? value | 0 : value) };
  }

  #enum64(signed: boolean) {
    const name = this.#string();
    const low = BigInt(this.#u32());
    const value = (BigInt(this.#u32()) << 32n) | low;
    return { name, value: signed ? BigInt.asIntN(64, value) : value };
  }

  #variable(): BtfVariable {
    return { type: this.#u32(), offset: this.#u32(), size: this.#u32() };
  }

  #list<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  #u32(): number {
    const value = this.#types.u32(this.#at);
    this.#at += 4;
    return value;
  }

  #string(): string {
    return this.#strings.string(this.#u32());
  }

  #skip(size: number): void {
    this.#types.slice(this.#at, size);
    this.#at += size;
  }
}

function bad(what: string): BpfError {
  return new BpfError('ERR_BAD_OBJECT', `BTF: ${what}`);
}
