import { existsSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { networkNamespace } from '../interface.js';
import type { BpfMap } from '../maps/map.js';
import type { BpfObject } from '../object.js';
import { removePins } from '../pin.js';
import type { Program } from '../program.js';
import type { ObjectShape, ObjectSpec } from '../spec.js';
import { marksIn, removeMark, setMark } from './marks.js';

/** Not an object's own, but of the interface, or constant. */
const NOT_KEPT = /^(chain|chain_expected|\.rodata.*)$/;

/** The last one that is pinned: where it is, all are. */
const LAST = '.bss';

/**
 * The memory of a feature, for as long as it is attached: the maps of its object, made or found again below a
 * directory of bpffs. undefined for a directory: they live as long as this process.
 */
export class Store<T extends ObjectShape = ObjectShape> implements Disposable {
  #directory: string | undefined;
  /** Whether the maps were made just now. */
  readonly isNew: boolean;
  readonly object: BpfObject<T>;
  protected readonly spec: ObjectSpec<T>;

  constructor(spec: ObjectSpec<T>, directory: string | undefined) {
    this.spec = spec;
    this.#directory = directory;
    this.isNew = directory === undefined || !existsSync(pinName(directory, LAST));
    this.object = spec.load(this.isNew ? {} : { reuse: this.#pinned(directory!) });
  }

  get maps(): T['maps'] {
    return this.object.maps;
  }

  get variables(): T['variables'] {
    return this.object.variables;
  }

  /** The programs once more, on the same memory, for a chain with maps of its own. */
  loadFor(chain: Record<string, BpfMap>): BpfObject<T> {
    const own = this.#kept().map((name) => [name, this.object.map(name)] as const);
    return this.spec.load({ reuse: { ...Object.fromEntries(own), ...chain } });
  }

  program(name: string): Program {
    return (this.object.programs as Record<string, Program>)[name]!;
  }

  /** Where it is pinned. */
  get directory(): string | undefined {
    return this.#directory;
  }

  /** Makes it stay, when it was made to go with this process. Throws ERR_EXISTS when directory is taken. */
  keep(directory: string): void {
    if (existsSync(pinName(directory, LAST))) {
      throw new BpfError(
        'ERR_EXISTS',
        `there is a gate at ${directory}: detach it, or attach with another name`,
      );
    }
    this.#directory = directory;
    try {
      this.pin();
    } catch (error) {
      this.unpin();
      this.#directory = undefined;
      throw error;
    }
  }

  /** Pins everything, when it is new. */
  pin(): void {
    if (this.directory === undefined || !this.isNew) return;
    removePins(this.directory);
    const names = this.#kept().filter((name) => name !== LAST);
    for (const name of [...names, LAST]) this.object.map(name).pin(pinName(this.directory, name));
  }

  unpin(): void {
    if (this.directory !== undefined) removePins(this.directory);
  }

  /** Index of an interface of this network namespace on which it is attached. */
  markInterface(index: number): void {
    if (this.directory !== undefined) setMark(this.directory, { namespace: networkNamespace(), index });
  }

  unmarkInterface(index: number): void {
    if (this.directory !== undefined) removeMark(this.directory, { namespace: networkNamespace(), index });
  }

  /** Interfaces of this network namespace with such a mark. */
  markedInterfaces(): number[] {
    if (this.directory === undefined) return [];
    const own = networkNamespace();
    return marksIn(this.directory).flatMap(({ namespace, index }) => (namespace === own ? [index] : []));
  }

  /** Closes, and throws ERR_INCOMPATIBLE, when the maps are of another version. */
  requireLayout(found: number, expected: number): void {
    if (found === expected) return;
    this.close();
    const message =
      `what is at ${this.directory} has layout ${found}, this version needs ${expected}: ` +
      'detach it with the version that made it';
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }

  close(): void {
    this.object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #kept(): string[] {
    return [...this.spec.maps.keys()].filter((name) => !NOT_KEPT.test(name));
  }

  #pinned(directory: string): Record<string, string> {
    return Object.fromEntries(this.#kept().map((name) => [name, pinName(directory, name)]));
  }
}

/** bpffs allows no dots. */
function pinName(directory: string, map: string): string {
  return `${directory}/${map.replaceAll('.', '')}`;
}
