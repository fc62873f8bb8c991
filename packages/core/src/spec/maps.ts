import type { Btf } from '../btf.js';
import { bytesCodec, type Codec, codecFor, codecOf } from '../codec.js';
import { type Elf, type ElfSection, SECTION_NO_BITS } from '../elf.js';
import { BpfError } from '../errors.js';
import { type MapType, mapTypeOf } from '../kinds.js';
import type { MapCodecs, MapSpec } from '../spec.js';
import { MapDefinition } from './map-definition.js';

const MMAPABLE = 1 << 10;
const READ_ONLY_FOR_PROGRAMS = 1 << 7;
const PIN_BY_NAME = 1;
const MAX_NAME = 15;
const MAX_VARIABLES = 1 << 28;
const ALLOCATED = 2;
const EXECUTABLE = 4;

/** The maps in .maps, and those that hold variables. */
export function readMaps(elf: Elf, btf: Btf, object: string, codecs: MapCodecs): Map<string, MapSpec> {
  const variables = btf.find('datasec', '.maps')?.variables ?? [];
  const defined = variables.map(({ type }) => new DefinedMap(btf, new MapDefinition(btf, type), codecs));
  const internal = elf.sections.filter(holdsVariables).map((section) => internalMap(section, object));
  return new Map([...defined, ...internal].map((map) => [map.name, map]));
}

/** Codecs are made when they are first used: a map that user space leaves alone may hold anything. */
class DefinedMap implements MapSpec {
  readonly name: string;
  readonly kernelName: string;
  readonly type: MapType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly flags: number;
  readonly pinned: boolean;
  readonly internal = false;
  readonly keyType: number;
  readonly valueType: number;
  readonly eventType: number;
  readonly initialValue = undefined;
  maxEntries: number;
  readonly #btf: Btf;
  #key: Codec | undefined;
  #value: Codec | undefined;
  #event: Codec | undefined;

  constructor(btf: Btf, definition: MapDefinition, codecs: MapCodecs) {
    this.name = definition.name;
    this.kernelName = definition.name.slice(0, MAX_NAME);
    this.type = mapTypeOf(definition.uint('type') ?? 0);
    this.keySize = definition.size('key');
    this.valueSize = definition.size('value');
    this.maxEntries = definition.uint('max_entries') ?? 0;
    this.flags = definition.uint('map_flags') ?? 0;
    this.pinned = definition.uint('pinning') === PIN_BY_NAME;
    this.keyType = definition.type('key') ?? 0;
    this.valueType = definition.type('value') ?? 0;
    this.eventType = definition.eventType();
    this.#btf = btf;
    this.#use(codecs[this.name] ?? {});
  }

  get key(): Codec {
    this.#key ??= this.#codec('key', this.keyType, this.keySize);
    return this.#key;
  }

  get value(): Codec {
    this.#value ??= this.#codec('value', this.valueType, this.valueSize);
    return this.#value;
  }

  get event(): Codec | undefined {
    if (this.eventType !== 0) this.#event ??= codecFor(this.#btf, this.eventType);
    return this.#event;
  }

  #codec(part: string, type: number, size: number): Codec {
    const name = `map ${this.name}: ${part}`;
    return type === 0 ? bytesCodec(size, name) : codecFor(this.#btf, type, name);
  }

  /** Generated codecs of another version of the object would read the wrong bytes. */
  #use(codecs: MapCodecs[string]): void {
    const eventSize = this.eventType === 0 ? 0 : this.#btf.sizeOf(this.eventType);
    this.#key = this.#checked('key', this.keySize, codecs.key);
    this.#value = this.#checked('value', this.valueSize, codecs.value);
    this.#event = this.#checked('event', eventSize, codecs.event);
  }

  #checked(part: string, size: number, codec: Codec | undefined): Codec | undefined {
    if (!codec || codec.size === size) return codec;
    const message = `map ${this.name}: ${part} is ${size} bytes, its codec ${codec.size}: run cryptbpf-gen again`;
    throw new BpfError('ERR_BAD_OBJECT', message);
  }
}

/** As in libbpf: string literals live in .rodata.str1.1, which is a map like the others. */
function holdsVariables(section: ElfSection): boolean {
  const isData = (section.flags & ALLOCATED) !== 0 && (section.flags & EXECUTABLE) === 0;
  return isData && section.size > 0 && /^\.(rodata|data|bss)(\.|$)/.test(section.name);
}

function internalMap(section: ElfSection, object: string): MapSpec {
  const { name, size } = section;
  if (size > MAX_VARIABLES) throw new BpfError('ERR_BAD_OBJECT', `section ${name} has ${size} bytes`);
  const initialValue = new Uint8Array(size);
  if (section.type !== SECTION_NO_BITS) initialValue.set(section.data);
  return {
    name,
    kernelName: kernelNameOf(name, object),
    type: 'array',
    keySize: 4,
    valueSize: size,
    maxEntries: 1,
    flags: MMAPABLE | (name.startsWith('.rodata') ? READ_ONLY_FOR_PROGRAMS : 0),
    pinned: false,
    internal: true,
    keyType: 0,
    valueType: 0,
    eventType: 0,
    key: codecOf({ kind: 'scalar', scalar: 'u32', size: 4 }, `map ${name}: key`),
    value: bytesCodec(size, `map ${name}: value`),
    event: undefined,
    initialValue,
  };
}

/** As libbpf names them: the section, after as much of the object's name as fits; a section in two parts, alone. */
function kernelNameOf(section: string, object: string): string {
  const prefix = section.includes('.', 1) ? 0 : Math.max(0, MAX_NAME - Math.max(7, section.length));
  return (object.slice(0, prefix) + section).slice(0, MAX_NAME).replace(/[^A-Za-z0-9_.]/g, '_');
}
