import { bootTimeNs, openObject, Reason } from '@cryptbpf/core';
import { P256_DEFAULT_WIDTHS, P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { countPackets, expectVerdicts, HOUR, rate, setUpGate } from '../lib/gate.mjs';
import { PLAIN_ROUTE } from '../pow/frames.mjs';
import { AUDIENCE, pointOf, SERVICE_PORT, SESSION_FRAME, SIGNED_FRAME, writePackets } from './packets.mjs';

const CONTROL_PORT = 22306;
const RING_BYTES = 4 << 20;
const EVER = 2n ** 64n - 1n;
const SESSION_INDEX_MASK = 0xfffffn;
/** Above all that is asked for: the budgets are looked at, and let all pass. */
const PLENTY = rate(1_000_000_000, 1_000_000_000);

/** What the program does with packets of each kind, in turn. */
const KINDS = {
  verify: { program: 'bench_signed', bytes: SIGNED_FRAME, verdicts: [Reason.PASS_SIGNED] },
  session: { program: 'bench_session', bytes: SESSION_FRAME, verdicts: [Reason.PASS_SESSION] },
  'reject-cheap': {
    program: 'bench_signed',
    bytes: SIGNED_FRAME,
    verdicts: [Reason.DROP_UNSIGNED, Reason.DROP_KEY_UNKNOWN, Reason.DROP_TIME],
  },
};

/** Signed packets in a program that draws them from a map; keys have tables of the default width. */
export class BenchGate {
  #object;
  #parties;

  static async create(parties) {
    const layout = new P256Layout(parties.keys.length, P256_DEFAULT_WIDTHS);
    const spec = openObject(new URL('../../build/bpf/signed_bench.bpf.o', import.meta.url));
    spec.map('p256_entries').maxEntries = layout.entries;
    spec.variable('p256_widths').set(layout.widths);
    spec.map('events').maxEntries = RING_BYTES;
    const gate = new BenchGate(spec.load(), parties);
    await gate.#enroll(layout);
    return gate;
  }

  constructor(object, parties) {
    this.#object = object;
    this.#parties = parties;
    setUpGate(object.variables, { controlPort: CONTROL_PORT, protectedPort: SERVICE_PORT });
    const config = signedConfig();
    object.variables.signed_configs = [config, config];
  }

  async prepare(kind, sources) {
    const view = this.#object.maps.bench_packets.view();
    await writePackets(view, kind, this.#parties, sources, PLAIN_ROUTE);
  }

  /** Forgets what has come: all packets are fresh again. */
  forget() {
    const { key_states, session_states } = this.#object.maps;
    const clear = (map, count) => {
      for (let i = 0; i < count; i++) map.set(i, new Uint8Array(map.spec.valueSize));
    };
    clear(key_states, this.#parties.keys.length);
    clear(session_states, this.#parties.sessions.length);
  }

  /** Nanoseconds per packet, for count of them; all must meet the verdicts of their kind. */
  run(kind, first, count) {
    const { program, bytes, verdicts } = KINDS[kind];
    const { programs, variables, maps } = this.#object;
    maps.events.drain(() => {});
    variables.bench_next = first;
    const before = countPackets(this.#object);
    const { durationNs } = programs[program].testRun({ data: new Uint8Array(bytes), repeat: count });
    const expected = {};
    for (let i = first; i < first + count; i++) {
      const reason = verdicts[i % verdicts.length];
      expected[reason] = (expected[reason] ?? 0) + 1;
    }
    expectVerdicts(this.#object, before, expected);
    return durationNs;
  }

  close() {
    this.#object.close();
  }

  async #enroll(layout) {
    const { maps } = this.#object;
    const { buffer, byteOffset, byteLength } = maps.p256_entries.view();
    const tables = new Uint8Array(buffer, byteOffset, byteLength);
    tables.set(await p256GeneratorTable(layout.widths.generator));
    for (const [i, { id, publicPem }] of this.#parties.keys.entries()) {
      const point = pointOf(publicPem);
      tables.set(await p256Table(point, layout.widths.key), layout.keyOffset(i));
      const xy = { x: point.subarray(1, 33), y: point.subarray(33) };
      maps.keys.set(i, { point: xy, expiresS: EVER, generation: 1, table: i + 1, id, reserved: 0 });
      maps.key_places.set(id, i + 1);
    }
    for (const session of this.#parties.sessions) this.#open(session);
  }

  #open({ id, key }) {
    const wire = Buffer.alloc(8);
    wire.writeBigUInt64BE(BigInt(id));
    const secret = Buffer.from(key, 'hex');
    this.#object.maps.sessions.set(Number(BigInt(id) & SESSION_INDEX_MASK), {
      id: wire.readBigUInt64LE(),
      expiresNs: bootTimeNs() + HOUR,
      key: { k0: secret.readBigUInt64LE(0), k1: secret.readBigUInt64LE(8) },
      place: 1,
      generation: 1,
      keyId: this.#parties.keys[0].id,
      reserved: 0,
    });
  }
}

function signedConfig() {
  const state = (label) => ({ h: midstate(label) });
  return {
    packet: state('cryptbpf signed-auth v1'),
    knock: state('cryptbpf signed-auth knock v1'),
    session: state('cryptbpf signed-auth session v1'),
    rates: { source: PLENTY, key: PLENTY, all: PLENTY },
    freshnessS: 3600n,
    signatureFlags: 0,
    bindAddress: 0,
    keepTrailer: 0,
  };
}

/** SHA-256 after the block label || audience. */
function midstate(label) {
  const block = Buffer.alloc(64);
  block.write(label);
  block.set(sha256(Buffer.from(AUDIENCE)), 32);
  return sha256
    .create()
    .update(block)
    .get()
    .map((word) => word >>> 0);
}
