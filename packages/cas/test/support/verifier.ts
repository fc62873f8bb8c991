import { readFileSync } from 'node:fs';
import type { BpfObject, HashMap, TcProgram, XdpProgram } from '@cryptbpf/core';
import {
  type CasEvent,
  type CasId,
  CasListed,
  CasLists,
  type CasObject,
  openCas,
  type Reason,
} from '../../src/cas.gen.js';
import { toConfig, toPorts, withChanges } from '../../src/options.js';
import type { Lists } from '../twin/packet.js';

/* The programs, driven by BPF_PROG_TEST_RUN, without their controller. */

export const PORT = 4430;
export const HOOKS = ['ingress', 'egress'] as const;
export type Hook = (typeof HOOKS)[number];

export interface Verdict {
  action: 'drop' | 'pass';
  reasons: Reason[];
}

const DEFAULTS = {
  ports: [PORT],
  egressPorts: [PORT],
  allow: 'any',
  deny: [],
  observeLists: false,
  monitor: false,
  sourceBudget: false,
  hashBudget: false,
  eventRate: { perSecond: 1000, burst: 1000 },
} as const;

const ACTIONS: Record<Hook, Record<number, Verdict['action']>> = {
  ingress: { 1: 'drop', 2: 'pass' },
  egress: { 2: 'drop', 4294967295: 'pass' },
};

export class TestVerifier implements Disposable {
  readonly object: BpfObject<CasObject>;

  constructor() {
    const spec = openCas(readFileSync(new URL('../../../../build/bpf/cas.bpf.o', import.meta.url)));
    this.object = spec.load();
  }

  /** With these rules, and whatever is in its counters. */
  reset(changes: Partial<Parameters<typeof withChanges>[1]> = {}, confirmByNs = 0n, lists: Lists = {}): void {
    const settings = withChanges(DEFAULTS as never, changes);
    const { variables } = this.object;
    const config = toConfig(settings, confirmByNs);
    variables.cas_configs = [config, config];
    variables.cas_ports = toPorts(settings);
    variables.cas_event_bucket = 0n;
    variables.cas_hash_bucket = 0n;
    this.list(lists);
  }

  list({ allow, deny = [] }: Lists): void {
    const { maps, variables } = this.object;
    const flags = (allow ? CasLists.CAS_HAS_ALLOW : 0) | (deny.length > 0 ? CasLists.CAS_HAS_DENY : 0);
    for (const map of [maps.ids_even, maps.ids_odd]) {
      map.deleteBatch(map.getBatch().map(([id]) => id));
      set(map, allow ?? [], CasListed.CAS_ALLOW);
      set(map, deny, CasListed.CAS_DENY);
    }
    variables.cas_lists = Uint8Array.of(flags, flags);
  }

  program(hook: Hook): XdpProgram | TcProgram {
    const { cas_ingress, cas_egress } = this.object.programs;
    return hook === 'ingress' ? cas_ingress : cas_egress;
  }

  /** What it returns, and the reasons that it counts. */
  judge(hook: Hook, frame: Uint8Array): Verdict {
    const before = this.counts(hook);
    const { returnValue } = this.program(hook).testRun({ data: frame });
    const after = this.counts(hook);
    const reasons = [...after.keys()].filter((reason) => after[reason] !== before[reason]) as Reason[];
    return { action: ACTIONS[hook][returnValue]!, reasons };
  }

  /** Packets by reason. */
  counts(hook: Hook): number[] {
    const { stats, egress_stats } = this.object.maps;
    const map = hook === 'ingress' ? stats : egress_stats;
    return map.getBatch().map(([, perCpu]) => perCpu.reduce((sum, { packets }) => sum + Number(packets), 0));
  }

  events(): CasEvent[] {
    return this.object.maps.events.take();
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

function set(map: HashMap<CasId, number>, ids: readonly Uint8Array[], listed: CasListed): void {
  for (const bytes of ids) map.set({ bytes }, listed);
}
