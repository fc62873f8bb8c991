import type { Btf, BtfVar } from '../btf.js';
import { type Codec, codecFor } from '../codec.js';
import { BIND_LOCAL, type Elf, type ElfSymbol, SYMBOL_OBJECT } from '../elf.js';
import { BpfError } from '../errors.js';
import type { MapSpec, VariableSpec } from '../spec.js';

/** The global variables of the internal maps, without those that only carry their type into BTF. */
export function readVariables(
  elf: Elf,
  btf: Btf,
  maps: ReadonlyMap<string, MapSpec>,
): Map<string, VariableSpec> {
  const variables = new Map<string, VariableSpec>();
  for (const symbol of elf.symbols) {
    const map = maps.get(symbol.section?.name ?? '');
    if (!map?.initialValue || symbol.type !== SYMBOL_OBJECT || symbol.binding === BIND_LOCAL) continue;
    const type = btf.find('var', symbol.name);
    if (!type || isMarker(btf, type)) continue;
    variables.set(symbol.name, new Variable(btf, type, symbol, map.name, map.initialValue));
  }
  return variables;
}

/** Pointers mean nothing to user space, and `unused_…` says it itself. */
function isMarker(btf: Btf, variable: BtfVar): boolean {
  return variable.name.startsWith('unused_') || btf.resolve(variable.id).kind === 'ptr';
}

class Variable implements VariableSpec {
  readonly name: string;
  readonly section: string;
  readonly offset: number;
  readonly size: number;
  readonly type: number;
  readonly #btf: Btf;
  readonly #view: DataView;
  #codec: Codec | undefined;

  constructor(btf: Btf, type: BtfVar, symbol: ElfSymbol, section: string, memory: Uint8Array) {
    this.name = symbol.name;
    this.section = section;
    this.offset = symbol.value;
    this.size = btf.sizeOf(type.type);
    this.type = type.type;
    this.#btf = btf;
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    if (this.offset + this.size > memory.byteLength) throw outside(this);
  }

  get codec(): Codec {
    this.#codec ??= codecFor(this.#btf, this.type, `variable ${this.name}`);
    return this.#codec;
  }

  get(): unknown {
    return this.codec.decode(this.#view, this.offset);
  }

  /** What fails half way leaves the old value. */
  set(value: unknown): void {
    const bytes = new Uint8Array(this.size);
    this.codec.encode(new DataView(bytes.buffer), 0, value);
    new Uint8Array(this.#view.buffer).set(bytes, this.offset);
  }
}

function outside(variable: VariableSpec): BpfError {
  const { name, section, offset, size } = variable;
  const message = `variable ${name}: ${size} bytes at ${offset} lie outside of ${section}`;
  return new BpfError('ERR_BAD_OBJECT', message);
}
