import { bootTimeNs, type ObjectSpec } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';
import { type Feature, type Judged, TestGate } from '../../../pow/test/support/gate.js';
import { NS_PER_S, type Setup } from '../../../pow/test/support/setup.js';
import type { TwinState } from '../../../pow/test/twin/state.js';
import { audienceOf, LABELS, midstate } from '../../src/midstate.js';
import type { SignedAuthObject } from '../../src/signed_auth.gen.js';
import { MAGIC } from '../twin/trailer.js';
import type { TestKey } from './keys.js';

/* The program of signed packets, driven by BPF_PROG_TEST_RUN, without its controller. */

export const AUDIENCE = 'service.example';
export const CONTROL_PORT = 22306;
export const UDP_PORT = 5000;
export const TCP_PORT = 8080;

const FEATURE: Feature = {
  object: 'signed_auth.bpf.o',
  program: 'signed_auth',
  actions: { 0: 'aborted', 1: 'drop', 2: 'pass', 3: 'tx' },
  proof: { magic: MAGIC, proofBytes: 68, holds: () => false },
};

export interface Rate {
  burst: number;
  intervalNs: bigint;
}

export interface Rules {
  audience: string;
  freshnessS: bigint;
  bindAddress: boolean;
  keepTrailer: boolean;
  lowS: boolean;
  sourceRate?: Rate;
  keyRate?: Rate;
  allRate?: Rate;
}

const RULES: Rules = {
  audience: AUDIENCE,
  freshnessS: 3_600n,
  bindAddress: false,
  keepTrailer: false,
  lowS: false,
};

const NO_LIMIT = { intervalNs: 0n, toleranceNs: 0n };

const rateOf = (rate: Rate | undefined) =>
  rate ? { intervalNs: rate.intervalNs, toleranceNs: BigInt(rate.burst - 1) * rate.intervalNs } : NO_LIMIT;

export interface Trusting {
  expiresS?: bigint;
  /** Number of its table; absent: checked without one. */
  table?: number;
}

export interface TestSession {
  id: bigint;
  key: Uint8Array;
  place: number;
  keyId: number;
  lifetimeS?: bigint;
}

export class SignedGate {
  readonly gate: TestGate;
  #round = 0;

  private constructor(layout: P256Layout) {
    this.gate = new TestGate({}, FEATURE, (spec) => {
      const own = spec as unknown as ObjectSpec<SignedAuthObject>;
      own.map('p256_entries').maxEntries = layout.entries;
      own.variable('p256_widths').set(layout.widths);
    });
  }

  /** With tables of those keys, in that order. */
  static async create(keys: readonly TestKey[] = []): Promise<SignedGate> {
    const layout = new P256Layout(keys.length, { generator: 6, key: 6 });
    const gate = new SignedGate(layout);
    gate.#write(0, await p256GeneratorTable(layout.widths.generator));
    for (const [i, { publicKey }] of keys.entries()) {
      gate.#write(layout.keyOffset(i), await p256Table(publicKey, layout.widths.key));
    }
    return gate;
  }

  get maps(): SignedAuthObject['maps'] {
    return (this.gate.object as unknown as { maps: SignedAuthObject['maps'] }).maps;
  }

  get variables(): SignedAuthObject['variables'] {
    return (this.gate.object as unknown as { variables: SignedAuthObject['variables'] }).variables;
  }

  /** A gate that trusts nobody and has seen nothing. */
  reset(rules: Partial<Rules> = {}, setup: Partial<Setup> = {}): TwinState {
    const plain = { port: CONTROL_PORT, tcpPorts: [TCP_PORT], udpPorts: [UDP_PORT], difficulty: 0 };
    const state = this.gate.reset({ ...plain, ...setup });
    this.#round++;
    this.rule(rules);
    this.variables.curve_bucket = 0n;
    for (let id = 0; id < 32; id++) this.maps.key_places.set(id, 0);
    for (let index = 0; index < 16; index++) {
      this.maps.sessions.set(index, NO_SESSION);
    }
    return state;
  }

  rule(changes: Partial<Rules>): void {
    const rules = { ...RULES, ...changes };
    const audience = audienceOf(rules.audience);
    const state = (name: keyof typeof LABELS) => ({ h: midstate(LABELS[name], audience) });
    const config = {
      packet: state(rules.bindAddress ? 'boundPacket' : 'packet'),
      knock: state('knock'),
      session: state('session'),
      rates: { source: rateOf(rules.sourceRate), key: rateOf(rules.keyRate), all: rateOf(rules.allRate) },
      freshnessS: rules.freshnessS,
      signatureFlags: rules.lowS ? 1 : 0,
      bindAddress: rules.bindAddress ? 1 : 0,
      keepTrailer: rules.keepTrailer ? 1 : 0,
    };
    this.variables.signed_configs = [config, config];
  }

  /** place: from 1 on. */
  trust(
    place: number,
    { id, publicKey }: Pick<TestKey, 'id' | 'publicKey'>,
    { expiresS = 2n ** 64n - 1n, table }: Trusting = {},
  ): void {
    this.maps.key_states.set(place - 1, new Uint8Array(this.maps.key_states.spec.valueSize));
    this.maps.keys.set(place - 1, {
      point: { x: publicKey.slice(1, 33), y: publicKey.slice(33) },
      expiresS,
      generation: this.#round,
      table: table === undefined ? 0 : table + 1,
      id,
    });
    this.maps.key_places.set(id, place);
  }

  revoke(id: number): void {
    this.maps.key_places.set(id, 0);
  }

  open({ id, key, place, keyId, lifetimeS = 3_600n }: TestSession): void {
    const index = Number(id & 0xfffffn);
    const wire = Buffer.alloc(8);
    wire.writeBigUInt64BE(id);
    const secret = Buffer.from(key);
    this.maps.session_states.set(index, new Uint8Array(this.maps.session_states.spec.valueSize));
    this.maps.sessions.set(index, {
      id: wire.readBigUInt64LE(),
      expiresNs: bootTimeNs() + lifetimeS * NS_PER_S,
      key: { k0: secret.readBigUInt64LE(0), k1: secret.readBigUInt64LE(8) },
      place,
      generation: this.#round,
      keyId,
    });
  }

  judge(frame: Uint8Array): Judged {
    return this.gate.judge(frame);
  }

  /** Unix time in seconds by the gate's clock. */
  now(): number {
    return Number(this.gate.wallMs() / 1000n);
  }

  #write(offset: number, table: Uint8Array): void {
    const view = this.maps.p256_entries.view();
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(table, offset);
  }

  [Symbol.dispose](): void {
    this.gate[Symbol.dispose]();
  }
}

const NO_SESSION = {
  id: 0n,
  expiresNs: 0n,
  key: { k0: 0n, k1: 0n },
  place: 0,
  generation: 0,
  keyId: 0,
};
