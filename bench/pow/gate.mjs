import { bootTimeNs, openObject, Reason } from '@cryptbpf/core';
import { countPackets, expectVerdicts, HOUR, setUpGate, words } from '../lib/gate.mjs';
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
    setUpGate(
      this.#object.variables,
      { controlPort: CONTROL_PORT, protectedPort: PROTECTED_PORT },
      {
        spentCapacity: BigInt(PACKETS),
        difficultyMin: DIFFICULTY,
        difficultyMax: DIFFICULTY,
      },
    );
    if (lists) setLists(this.#object, [...lists]);
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
    const before = countPackets(this.#object);
    const { durationNs } = programs[program].testRun({ data: new Uint8Array(frameBytes), repeat: count });
    expectVerdicts(this.#object, before, { [verdict]: count });
    return durationNs;
  }
}

/** ::ffff:a.b.c.d */
function addressOf(source) {
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  new DataView(bytes.buffer).setUint32(12, source);
  return words(bytes);
}

/** Entries, and the blocks that they are in: all are of 16 bits at least. */
function setLists({ maps, variables }, lists) {
  const blocks = { ipv4: new Array(1024).fill(0n), ipv6: new Array(1024).fill(0n) };
  const entries = lists.map(([length, address, verdict]) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, address); // network byte order, as it lies in the key
    const block = view.getUint16(0, true);
    blocks.ipv4[block >> 6] |= 1n << BigInt(block & 63);
    return [{ length, address: view.getUint32(0, true) }, verdict];
  });
  maps.list_ipv4.setBatch(entries);
  variables.list_blocks = blocks;
}
