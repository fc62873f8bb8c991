import { BpfError } from '../errors.js';
import type { ArrayMap } from '../maps/array.js';
import type { ObjectShape, ObjectSpec } from '../spec.js';
import { type GateConfig, GateLayout, type GateObject, gateConfigCodec } from './gate.gen.js';
import { Store } from './store.js';

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

/** Well above the number of CPUs, of which each may be at work on an entry. */
const MIN_ENTRIES = 1024;
const MAX_ENTRIES = 2 ** 26;

/** A gate's memory. */
export class GateStore extends Store<GateShape> {
  constructor(spec: ObjectSpec<GateShape>, sizes: GateSizes, directory: string | undefined) {
    setSizes(spec, sizes);
    super(spec, directory);
    if (!this.isNew) this.requireLayout(this.variables.gate_birth.layout, GateLayout.GATE_LAYOUT);
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

  #bss(): DataView {
    return (this.object.map('.bss') as ArrayMap<unknown>).view();
  }

  #configOffset(index: number): number {
    return this.spec.variable('gate_configs').offset + (index & 1) * gateConfigCodec.size;
  }
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
