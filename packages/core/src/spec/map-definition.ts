import type { Btf, BtfMember } from '../btf.js';
import { BpfError } from '../errors.js';

/** Of a map or program in a map of them, as user space sees it. */
const DESCRIPTOR_SIZE = 4;

/** A map as its struct in .maps says it: `__uint(name, n)` is `int (*name)[n]`, `__type(name, t)` is `t *name`. */
export class MapDefinition {
  readonly name: string;
  readonly #btf: Btf;
  readonly #members: readonly BtfMember[];

  constructor(btf: Btf, variable: number) {
    const struct = btf.resolve(variable);
    this.name = btf.get(variable).name;
    if (struct.kind !== 'struct') throw badMap(this.name, `is a ${struct.kind}, not a struct`);
    this.#btf = btf;
    this.#members = struct.members;
  }

  uint(name: string): number | undefined {
    const id = this.type(name);
    if (id === undefined) return undefined;
    const array = this.#btf.resolve(id);
    if (array.kind !== 'array') throw badMap(this.name, `${name} is not defined by __uint`);
    return array.length;
  }

  type(name: string): number | undefined {
    const member = this.#member(name);
    if (!member) return undefined;
    const pointer = this.#btf.resolve(member.type);
    if (pointer.kind !== 'ptr') throw badMap(this.name, `${name} is not defined by __type or __uint`);
    return pointer.type;
  }

  /** Given as a type, or as a size alone. */
  size(name: 'key' | 'value'): number {
    const id = this.type(name);
    if (id !== undefined) return this.#btf.sizeOf(id);
    const absent = name === 'value' && this.#member('values') ? DESCRIPTOR_SIZE : 0;
    return this.uint(`${name}_size`) ?? absent;
  }

  /**
   * The struct that a ring's records hold, 0 where none is named. BTF has no place for it in the map: the
   * kernel refuses a ring with a value type. So a global `struct x *event_of_<map>` says it.
   */
  eventType(): number {
    const marker = this.#btf.find('var', `event_of_${this.name}`);
    const pointer = marker && this.#btf.resolve(marker.id);
    return pointer?.kind === 'ptr' ? pointer.type : 0;
  }

  #member(name: string): BtfMember | undefined {
    return this.#members.find((found) => found.name === name);
  }
}

function badMap(name: string, what: string): BpfError {
  return new BpfError('ERR_BAD_OBJECT', `map ${name}: ${what}`);
}
