import { randomBytes } from 'node:crypto';
import { bootTimeNs, openObject, Reason } from '@cryptbpf/core';
import {
  CONTROL_PORT,
  challengeIn,
  DIFFICULTY,
  helloFrame,
  MESSAGE_FRAME,
  PACKETS,
  PLAIN_ROUTE,
  PROTECTED_PORT,
  proofFrame,
  TRAFFIC_FRAME,
  writeFrames,
} from './frames.mjs';

const NS_PER_S = 1_000_000_000n;
const HOUR = 3600n * NS_PER_S;
/** Room for the events of a whole batch: it is drained between batches, so that none is lost. */
const RING_BYTES = 4 << 20;

/** The gate in a program that draws its packets from a map, set up as its controller would by default. */
export class BenchGate {
  #object;

  /** lists: of lists.mjs, or nothing. */
  constructor(lists) {
    const spec = openObject(new URL('../../build/bpf/pow_bench.bpf.o', import.meta.url));
    for (const map of ['spent', 'spent_order']) spec.map(map).maxEntries = PACKETS;
    /* An LRU map lets entries go some time before it is full. */
    spec.map('admitted').maxEntries = 2 * PACKETS;
    spec.map('events').maxEntries = RING_BYTES;
    this.#object = spec.load();
    const { maps, variables } = this.#object;
    const now = bootTimeNs();
    const config = gateConfig(lists !== undefined);
    variables.gate_configs = [config, config];
    variables.gate_clock = { wallOffsetNs: BigInt(Date.now()) * 1_000_000n - now, wallUpdatedNs: now };
    variables.gate_birth = { layout: 1, startedNs: now, notBeforeMs: 0n };
    variables.gate_ports = { tcp: bitOf(PROTECTED_PORT), udp: bitOf(PROTECTED_PORT) };
    if (lists) maps.list_ipv4.setBatch([...lists].map(listEntry));
  }

  /** Prepares a packet from each source. */
  prepare(sources, writeFrame) {
    writeFrames(this.#object.maps.bench_packets.view(), sources, writeFrame);
  }

  /** Prepares a solution of a challenge of its own for each source. */
  prepareSolutions(sources) {
    this.prepare(sources, helloFrame(PLAIN_ROUTE));
    this.#run('bench_challenge', MESSAGE_FRAME, 0, sources.length, Reason.ANSWER_CHALLENGE);
    this.prepare(sources, proofFrame(PLAIN_ROUTE, challengeIn));
  }

  /** Lets the sources in. */
  admit(sources) {
    const now = bootTimeNs();
    const admission = { admittedNs: now, packetBucket: now, synBucket: now, origin: 0, difficulty: 0 };
    this.#object.maps.admitted.setBatch(
      sources.map((source) => [addressOf(source), { expiresNs: now + HOUR, ...admission }]),
    );
  }

  /** Nanoseconds per message, for count of them; all must meet this verdict. */
  messages(first, count, verdict) {
    return this.#run('bench_message', MESSAGE_FRAME, first, count, verdict);
  }

  /** The same for TCP segments. */
  traffic(first, count, verdict) {
    return this.#run('bench_traffic', TRAFFIC_FRAME, first, count, verdict);
  }

  /** As a controller that reads its events does all the time. */
  drainEvents() {
    this.#object.maps.events.drain(() => {});
  }

  close() {
    this.#object.close();
  }

  #run(program, frameBytes, first, count, verdict) {
    const { programs, variables } = this.#object;
    this.drainEvents();
    variables.bench_next = first;
    const before = this.#counts();
    const { durationNs } = programs[program].testRun({ data: new Uint8Array(frameBytes), repeat: count });
    const after = this.#counts();
    expectOnly(verdict, count, (reason) => after[reason] - before[reason]);
    return durationNs;
  }

  #counts() {
    const entries = this.#object.maps.stats.getBatch();
    return entries.map(([, cpus]) => cpus.reduce((sum, { packets }) => sum + Number(packets), 0));
  }
}

/** Else other work was measured than the row says. */
function expectOnly(verdict, count, counted) {
  for (let reason = 0; reason < 128; reason++) {
    const expected = reason === verdict ? count : 0;
    if (counted(reason) === expected) continue;
    const name = reasonName(reason);
    throw new Error(`${counted(reason)} of ${count} packets were counted as ${name}, expected ${expected}`);
  }
}

function reasonName(reason) {
  return Object.keys(Reason).find((name) => Reason[name] === reason) ?? `reason ${reason}`;
}

function gateConfig(hasLists) {
  const secret = (generation) => ({
    master: { bytes: randomBytes(32) },
    generation,
    keyId: generation,
  });
  return {
    secrets: [secret(1), secret(2)],
    bucketKey: { k0: randomBytes(8).readBigUInt64LE(), k1: randomBytes(8).readBigUInt64LE() },
    maskIpv4: mask(128),
    maskIpv6: mask(64),
    wideIpv4: mask(96 + 24),
    wideIpv6: mask(48),
    packetRate: rate(10_000, 20_000),
    synRate: rate(50, 100),
    wideRate: rate(1, 512),
    answerRate: rate(100, 200),
    eventRate: rate(1000, 1000),
    epochMs: 3_600_000n,
    challengeMs: 600_000n,
    skewMs: 2000n,
    clockHorizonNs: 24n * HOUR,
    confirmByNs: 0n,
    lifetimeMaxNs: HOUR,
    lifetimeMinNs: HOUR / 12n,
    spentCapacity: BigInt(PACKETS),
    loadIntervalNs: 1_000_000n,
    levelStepNs: 10n * NS_PER_S,
    service: 1,
    port: CONTROL_PORT,
    difficultyMin: DIFFICULTY,
    difficultyMax: DIFFICULTY,
    monitor: 0,
    hasListIpv4: hasLists ? 1 : 0,
    hasListIpv6: 0,
  };
}

function rate(perSecond, burst) {
  const intervalNs = NS_PER_S / BigInt(perSecond);
  return { intervalNs, toleranceNs: BigInt(burst - 1) * intervalNs };
}

/** The first so many bits of an address. */
function mask(bits) {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - i * 8)));
  return words(bytes);
}

/** ::ffff:a.b.c.d */
function addressOf(source) {
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  new DataView(bytes.buffer).setUint32(12, source);
  return words(bytes);
}

function words(bytes) {
  const view = new DataView(bytes.buffer);
  return { high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) };
}

/** In network byte order, as it lies in the key. */
function listEntry([length, address, verdict]) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, address);
  return [{ length, address: view.getUint32(0, true) }, verdict];
}

function bitOf(port) {
  const ports = new Array(1024).fill(0n);
  ports[port >> 6] = 1n << BigInt(port & 63);
  return ports;
}
