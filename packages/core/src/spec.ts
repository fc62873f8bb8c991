import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Btf, readBtf } from './btf.js';
import type { Codec } from './codec.js';
import { type Elf, readElf } from './elf.js';
import { BpfError } from './errors.js';
import type { MapType, ProgramType } from './kinds.js';
import { type BpfObject, type LoadOptions, loadObject } from './object.js';
import { readMaps } from './spec/maps.js';
import { readPrograms } from './spec/programs.js';
import { readVariables } from './spec/variables.js';

/** A program of an object, before it is loaded. */
export interface ProgramSpec {
  readonly name: string;
  /** Where SEC() put it, without the `?` of a program that is not loaded unless asked for. */
  readonly section: string;
  readonly type: ProgramType;
  /** Whether `load()` loads it. */
  autoload: boolean;
}

/** A map of an object, before it is created. Sizes are in bytes. */
export interface MapSpec {
  /** As libbpf finds it: `.rodata`, `.data`, `.bss` for those that hold variables. */
  readonly name: string;
  /** As the kernel and bpftool show it: at most 15 characters. */
  readonly kernelName: string;
  readonly type: MapType;
  readonly keySize: number;
  /** In a per-CPU map: of one CPU. */
  readonly valueSize: number;
  maxEntries: number;
  /** BPF_F_… */
  readonly flags: number;
  /** Whether it holds variables. */
  readonly internal: boolean;
  /** Whether the object asks libbpf to pin it by name. */
  readonly pinned: boolean;
  /** BTF ids; 0 where the object gives sizes alone, and bytes stand for keys and values. */
  readonly keyType: number;
  readonly valueType: number;
  /** Of a ring's records; 0 where the object does not say: see `event`. */
  readonly eventType: number;
  readonly key: Codec;
  readonly value: Codec;
  /** What a ring's records are, where the object says so: `struct x *event_of_<map>`. */
  readonly event: Codec | undefined;
  /** The bytes of the variables in an internal map; `VariableSpec.set` writes to them. */
  readonly initialValue: Uint8Array | undefined;
}

/** A global variable of an object. */
export interface VariableSpec<T = unknown> {
  readonly name: string;
  /** The internal map that holds it: `.rodata`, `.data`, `.bss` or one of their kind. */
  readonly section: string;
  /** In bytes, from the start of the map's value. */
  readonly offset: number;
  readonly size: number;
  /** BTF id. */
  readonly type: number;
  readonly codec: Codec<T>;
  /** The value that the program will start with. */
  get(): T;
  /** Throws ERR_BAD_VALUE, with the variable's name and type, for what it cannot hold. */
  set(value: T): void;
}

/** What a generated skeleton knows about an object: its maps, programs and variables by name. */
export interface ObjectShape {
  maps: object;
  programs: object;
  variables: object;
}

/** An object without a skeleton. */
export interface AnyObject extends ObjectShape {
  maps: Record<string, unknown>;
  programs: Record<string, unknown>;
  variables: Record<string, unknown>;
}

type NameIn<T> = Extract<keyof T, string>;

/** Codecs for the keys, values and events of maps, instead of the slower ones that follow BTF. */
export type MapCodecs = Record<string, { key?: Codec; value?: Codec; event?: Codec }>;

export interface OpenOptions {
  /** The object's name in the kernel. Default: the file's, without its extension. */
  name?: string;
  codecs?: MapCodecs;
}

/** What an object file says: a description that needs no privilege and no kernel. */
export class ObjectSpec<T extends ObjectShape = AnyObject> {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly btf: Btf;
  /** As in SEC("license"); empty where there is none. */
  readonly license: string;
  readonly programs: ReadonlyMap<string, ProgramSpec>;
  readonly maps: ReadonlyMap<string, MapSpec>;
  readonly variables: ReadonlyMap<string, VariableSpec>;

  /** Use `openObject`. */
  constructor(name: string, bytes: Uint8Array, codecs: MapCodecs = {}) {
    const elf = readElf(bytes);
    this.name = name;
    this.bytes = bytes;
    this.btf = btfOf(elf, name);
    this.license = licenseOf(elf);
    this.programs = readPrograms(elf);
    this.maps = readMaps(elf, this.btf, name, codecs);
    this.variables = readVariables(elf, this.btf, this.maps);
  }

  /** Throws ERR_NOT_FOUND, naming those there are. */
  program(name: NameIn<T['programs']>): ProgramSpec {
    return this.#find('program', this.programs, name);
  }

  /** Throws ERR_NOT_FOUND, naming those there are. */
  map(name: NameIn<T['maps']>): MapSpec {
    return this.#find('map', this.maps, name);
  }

  /** Throws ERR_NOT_FOUND, naming those there are. */
  variable<N extends NameIn<T['variables']>>(name: N): VariableSpec<T['variables'][N]> {
    return this.#find('variable', this.variables, name) as VariableSpec<T['variables'][N]>;
  }

  /**
   * Creates the maps and loads the programs: needs CAP_BPF and CAP_NET_ADMIN, or root, and libbpf 1.1+. Can be
   * called again, for maps and programs of their own. Throws VerifierError, ERR_PERMISSION, ERR_NO_LIBBPF,
   * ERR_NO_BTF, ERR_LOAD.
   */
  load(options: LoadOptions = {}): BpfObject<T> {
    return loadObject(this, options);
  }

  #find<V>(kind: string, all: ReadonlyMap<string, V>, name: string): V {
    const found = all.get(name);
    if (found) return found;
    const known = [...all.keys()].join(', ') || 'none';
    throw new BpfError('ERR_NOT_FOUND', `object ${this.name} has no ${kind} "${name}"; it has ${known}`);
  }
}

/**
 * Reads an object file: bytes, or a file URL. Needs no privilege. Set variables and map sizes, then `load()`.
 * The bytes are kept, not copied. Throws ERR_BAD_OBJECT for what is no BPF object with BTF.
 *
 * ```ts
 * const spec = openObject(new URL('./filter.bpf.o', import.meta.url));
 * spec.map('hosts').maxEntries = 10_000;
 * spec.variable('verdict').set(1);
 * ```
 */
export function openObject<T extends ObjectShape = AnyObject>(
  source: Uint8Array | URL,
  options: OpenOptions = {},
): ObjectSpec<T> {
  const bytes = source instanceof URL ? readObject(source) : source;
  const name = options.name ?? (source instanceof URL ? nameOf(source) : 'object');
  return new ObjectSpec<T>(name, bytes, options.codecs);
}

function readObject(url: URL): Uint8Array {
  try {
    return readFileSync(url);
  } catch (cause) {
    throw new BpfError('ERR_BAD_OBJECT', `object ${url} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function nameOf(url: URL): string {
  return basename(fileURLToPath(url)).replace(/(\.bpf)?\.o$/, '');
}

function btfOf(elf: Elf, name: string): Btf {
  const section = elf.sections.find((found) => found.name === '.BTF');
  if (section) return readBtf(section.data);
  throw new BpfError('ERR_BAD_OBJECT', `object ${name} has no BTF: compile it with -g`);
}

function licenseOf(elf: Elf): string {
  const data = elf.sections.find((section) => section.name === 'license')?.data ?? new Uint8Array();
  return new TextDecoder().decode(data).replace(/\0.*$/s, '');
}
