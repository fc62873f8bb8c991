import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { BpfError } from '../errors.js';
import type { ArrayMap } from '../maps/array.js';
import type { BpfMap } from '../maps/map.js';
import type { BpfObject } from '../object.js';
import { removePins } from '../pin.js';
import type { Program } from '../program.js';
import type { ObjectShape, ObjectSpec } from '../spec.js';
import { type GateConfig, GateLayout, type GateObject, gateConfigCodec } from './gate.gen.js';

/** How many entries the gate's maps have; fixed while the gate is up. */
export interface GateSizes {
  /** Sources that can be admitted at a time. Default 65536. */
  maxAdmissions?: number;
  /** Spent challenges that are remembered. Full: no admissions until the oldest is over. Default 65536. */
  maxSpent?: number;
  /** Prefixes of each family on both lists together. Default 65536. */
  maxListEntries?: number;
}

/** An object that was built on bpf/lib/gate.h. */
export interface GateShape extends ObjectShape {
  maps: GateObject['maps'];
  variables: Pick<GateObject['variables'], keyof GateObject['variables']>;
}

/** Not the gate's own, but of the interface, or constant. */
const NOT_KEPT = /^(chain|chain_expected|\.rodata.*)$/;

/** Well above the number of CPUs, of which each may be at work on an entry. */
const MIN_ENTRIES = 1024;
const MAX_ENTRIES = 2 ** 26;

/** The last one that is pinned: where it is, all are. */
const LAST = '.bss';

/**
 * The gate's memory: its maps, made or found again below a directory of bpffs. undefined for a directory: they
 * live as long as this process.
 */
export class GateStore implements Disposable {
  #directory: string | undefined;
  /** Whether the maps were made just now. */
  readonly isNew: boolean;
  readonly object: BpfObject<GateShape>;
  readonly #spec: ObjectSpec<GateShape>;

  constructor(spec: ObjectSpec<GateShape>, sizes: GateSizes, directory: string | undefined) {
    this.#spec = spec;
    this.#directory = directory;
    this.isNew = directory === undefined || !existsSync(pinName(directory, LAST));
    if (this.isNew) setSizes(spec, sizes);
    this.object = spec.load(this.isNew ? {} : { reuse: this.#pinned(directory!) });
    if (!this.isNew) this.#checkLayout();
  }

  get maps(): GateShape['maps'] {
    return this.object.maps;
  }

  get variables(): GateShape['variables'] {
    return this.object.variables;
  }

  /** The program once more, on the same memory, for a chain with maps of its own. */
  loadFor(chain: Record<string, BpfMap>): BpfObject<GateShape> {
    const own = this.#kept().map((name) => [name, this.object.map(name)] as const);
    return this.#spec.load({ reuse: { ...Object.fromEntries(own), ...chain } });
  }

  program(name: string): Program {
    return (this.object.programs as Record<string, Program>)[name]!;
  }

  /** Where it is pinned. */
  get directory(): string | undefined {
    return this.#directory;
  }

  /** Makes it stay, when it was made to go with this process. Throws ERR_EXISTS when directory has another gate. */
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

  /** Index of an interface on which this gate is in the chain. */
  markInterface(ifindex: number): void {
    if (this.directory !== undefined) mkdirSync(`${this.directory}/on-${ifindex}`, { recursive: true });
  }

  unmarkInterface(ifindex: number): void {
    if (this.directory !== undefined) removePins(`${this.directory}/on-${ifindex}`);
  }

  /** Interfaces with such a mark. */
  markedInterfaces(): number[] {
    if (this.directory === undefined || !existsSync(this.directory)) return [];
    const marks = readdirSync(this.directory).filter((name) => /^on-\d+$/.test(name));
    return marks.map((name) => Number(name.slice('on-'.length)));
  }

  /** The configuration that counts. Wipe its secrets after use. */
  readConfig(): GateConfig {
    return gateConfigCodec.decode(this.#bss(), this.#configOffset(this.variables.gate_active));
  }

  /** Writes the configuration that does not count, then makes it count. */
  writeConfig(config: GateConfig): void {
    const next = this.variables.gate_active ^ 1;
    gateConfigCodec.encode(this.#bss(), this.#configOffset(next), config);
    this.variables.gate_active = next;
  }

  close(): void {
    this.object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #bss(): DataView {
    return (this.object.map('.bss') as ArrayMap<unknown>).view();
  }

  #configOffset(index: number): number {
    return this.#spec.variable('gate_configs').offset + (index & 1) * gateConfigCodec.size;
  }

  #kept(): string[] {
    return [...this.#spec.maps.keys()].filter((name) => !NOT_KEPT.test(name));
  }

  #pinned(directory: string): Record<string, string> {
    return Object.fromEntries(this.#kept().map((name) => [name, pinName(directory, name)]));
  }

  #checkLayout(): void {
    const { layout } = this.variables.gate_birth;
    if (layout === GateLayout.GATE_LAYOUT) return;
    this.close();
    const message =
      `the gate at ${this.directory} has layout ${layout}, this version needs ${GateLayout.GATE_LAYOUT}: ` +
      'detach it with the version that made it';
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }
}

/** bpffs allows no dots. */
function pinName(directory: string, map: string): string {
  return `${directory}/${map.replaceAll('.', '')}`;
}

function setSizes(spec: ObjectSpec<GateShape>, sizes: GateSizes): void {
  const set = (name: keyof GateShape['maps'], option: keyof GateSizes) => {
    const entries = sizes[option];
    if (entries === undefined) return;
    if (!Number.isInteger(entries) || entries < MIN_ENTRIES || entries > MAX_ENTRIES) {
      const message = `option ${option} is ${entries}, expected an integer from ${MIN_ENTRIES} to ${MAX_ENTRIES}`;
      throw new BpfError('ERR_BAD_OPTION', message);
    }
    spec.map(name).maxEntries = entries;
  };
  set('admitted', 'maxAdmissions');
  set('spent', 'maxSpent');
  set('spent_order', 'maxSpent');
  set('list_ipv4', 'maxListEntries');
  set('list_ipv6', 'maxListEntries');
}
