import { type BpfObject, bootTimeNs, type LoadOptions, type ObjectSpec, type Program } from '@cryptbpf/core';
import { parsePrefix as corePrefix } from '../../../core/src/gate/address.js';
import { blocksOf } from '../../../core/src/gate/lists.js';
import { ListVerdict, openPow, type PowObject, type Reason } from '../../src/pow.gen.js';
import { powHolds } from '../twin/challenge.js';
import type { Outcome } from '../twin/gate.js';
import type { TwinState } from '../twin/state.js';
import { addressBytes, parsePrefix } from './addresses.js';
import { POW_MAGIC } from './messages.js';
import {
  gateConfig,
  NS_PER_MS,
  NS_PER_S,
  PLAIN,
  type ProofKind,
  portWords,
  type Setup,
  sourcePrefix,
  twinOf,
} from './setup.js';

/* A gate in the kernel, driven by BPF_PROG_TEST_RUN, without its controller. */

export const BUILD = new URL('../../../../build/bpf/', import.meta.url);

export interface Ran {
  action: Outcome['action'] | 'aborted';
  data: Uint8Array;
}

export interface Judged extends Ran {
  /** Each reason that was counted, in rising order. */
  reasons: Reason[];
}

/** A gate's program, and what its hook calls each action. */
export interface Feature {
  /** File of its object, or what opens it. */
  object: string | (() => ObjectSpec<PowObject>);
  program: string;
  actions: Readonly<Record<number, Ran['action']>>;
  proof: ProofKind;
}

export const POW: Feature = {
  object: 'pow.bpf.o',
  program: 'pow_gate',
  actions: { 0: 'aborted', 1: 'drop', 2: 'pass', 3: 'tx' },
  proof: { magic: POW_MAGIC, proofBytes: 16, holds: powHolds },
};

export class TestGate {
  /** Another feature's has the same maps, but for the chain, which is XDP's. */
  readonly object: BpfObject<PowObject>;
  readonly program: Program;
  readonly #feature: Feature;
  #setup: Setup = PLAIN;
  #round = 0;
  #wallOffsetNs = 0n;

  constructor(
    options: LoadOptions = {},
    feature = POW,
    edit: (spec: ObjectSpec<PowObject>) => void = () => {},
  ) {
    const { object } = feature;
    const spec = typeof object === 'string' ? openPow(new URL(object, BUILD)) : object();
    edit(spec);
    this.object = spec.load(options);
    this.program = (this.object.programs as Record<string, Program>)[feature.program]!;
    this.#feature = feature;
    this.reset({});
  }

  /** A gate that has seen nothing, and the twin of it. */
  reset(changes: Partial<Setup>): TwinState {
    this.#setup = { ...PLAIN, ...changes };
    this.#round++;
    const now = bootTimeNs();
    this.#wallOffsetNs = (this.#setup.wallMs ?? BigInt(Date.now())) * NS_PER_MS - now;
    this.#forget();
    this.#write(now);
    return twinOf(this.#setup, this.#feature.proof, bootTimeNs, this.#wallOffsetNs);
  }

  /** Unix milliseconds by the gate's clock. */
  wallMs(): bigint {
    return (bootTimeNs() + this.#wallOffsetNs) / NS_PER_MS;
  }

  run(data: Uint8Array): Ran {
    const { returnValue, data: out } = this.program.testRun({ data });
    return { action: this.#feature.actions[returnValue]!, data: out };
  }

  /** run(), and what was counted. */
  judge(data: Uint8Array): Judged {
    const before = this.counts();
    const ran = this.run(data);
    const after = this.counts();
    const reasons = after.flatMap((count, reason) => (count === before[reason] ? [] : [reason as Reason]));
    return { ...ran, reasons };
  }

  /** The verdict alone. */
  verdict(data: Uint8Array): Reason {
    return this.judge(data).reasons[0]!;
  }

  packets(reason: Reason): number {
    return this.object.maps.stats.at(reason).reduce((sum, { packets }) => sum + Number(packets), 0);
  }

  /** Admits a source, in the kernel and in its twin; a negative lifetime is over. */
  admit(twin: TwinState, source: string, lifetimeS: bigint): void {
    const now = bootTimeNs();
    const { key, words } = sourcePrefix(addressBytes(source), !source.includes(':'));
    const expiresNs = now + lifetimeS * NS_PER_S;
    twin.admitted.set(key, expiresNs);
    const buckets = { packetBucket: now, synBucket: now };
    this.object.maps.admitted.set(words, {
      expiresNs,
      admittedNs: now,
      ...buckets,
      origin: 0,
      difficulty: 0,
    });
  }

  /** A bit for each slot of the chain that must hold a program; no slot does. */
  expectChain(slots: number): void {
    this.object.maps.chain_expected.set(0, slots);
  }

  #write(now: bigint): void {
    const { variables } = this.object;
    const setup = this.#setup;
    const config = gateConfig(setup, now, this.#round);
    variables.gate_configs = [config, config];
    variables.gate_clock = {
      wallOffsetNs: this.#wallOffsetNs,
      wallUpdatedNs: now - setup.clockAgeS * NS_PER_S,
    };
    variables.gate_birth = { layout: 1, startedNs: now, notBeforeMs: setup.notBeforeMs };
    variables.gate_state = { spentHead: 0n, loadUntilNs: 0n, eventBucket: 0n };
    variables.gate_ports = { tcp: portWords(setup.tcpPorts), udp: portWords(setup.udpPorts) };
    variables.list_blocks = blocksOf(setup.lists.map(({ prefix }) => corePrefix(prefix)));
    for (const { prefix, verdict } of setup.lists)
      this.#list(prefix, verdict === 'allow' ? ListVerdict.LIST_ALLOW : ListVerdict.LIST_DENY);
  }

  #list(prefix: string, verdict: ListVerdict): void {
    const { address, bits } = parsePrefix(prefix);
    if (prefix.includes(':')) {
      this.object.maps.list_ipv6.set({ length: bits, address }, verdict);
    } else {
      const word = new DataView(address.buffer).getUint32(12, true);
      this.object.maps.list_ipv4.set({ length: bits - 96, address: word }, verdict);
    }
  }

  #forget(): void {
    const { maps, variables } = this.object;
    for (const map of [maps.admitted, maps.spent, maps.list_ipv4, maps.list_ipv6]) clear<unknown>(map);
    const used = Math.min(Number(variables.gate_state.spentHead), maps.spent_order.maxEntries);
    for (let slot = 0; slot < used; slot++) {
      maps.spent_order.set(slot, { key: { salt: 0n, tag: 0n }, untilNs: 0n });
    }
    maps.chain_expected?.set(0, 0);
  }

  /** Packets by reason. */
  counts(): number[] {
    return this.object.maps.stats
      .getBatch()
      .map(([, cpus]) => cpus.reduce((sum, { packets }) => sum + Number(packets), 0));
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

interface Clearable<K> {
  keys(): Iterable<K>;
  delete(key: K): boolean;
}

function clear<K>(map: Clearable<K>): void {
  for (const key of [...map.keys()]) map.delete(key);
}
