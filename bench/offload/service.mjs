import { openObject, Reason } from '@cryptbpf/core';
import { CLIENT, FRAME, frameOf, macOf, PORT, request } from './packets.mjs';

const SLOTS = 65_536;
const EVER = 2 ** 30;
const NO_LIMIT = { intervalNs: 0n, toleranceNs: 0n };
const SELDOM = { intervalNs: 1_000_000_000n, toleranceNs: 0n };
const NOT_SLOWER = 256;
const SHA256_CLASS = 1; // up to 256 bytes

/** The program of the package with one client; all that it is asked for is pinned to BPF. */
export class BenchService {
  #object;
  #next = 0;

  constructor(key) {
    const spec = openObject(new URL('../../build/bpf/offload_bench.bpf.o', import.meta.url));
    this.#object = spec.load();
    const { maps, variables } = this.#object;
    const ports = new Array(1024).fill(0n);
    ports[PORT >> 6] = 1n << BigInt(PORT & 63);
    variables.offload_ports = ports;
    const depthMax = [EVER, 0, 0];
    variables.offload_configs = variables.offload_configs.map((config) => ({
      ...config,
      depthMax,
      logRate: SELDOM,
    }));
    const words = Buffer.from(key, 'hex');
    const half = { k0: words.readBigUInt64LE(0), k1: words.readBigUInt64LE(8) };
    const never = { usage: { sealed: 0n, refused: 0n }, key: { w: new Array(8).fill(0) } };
    const plain = { endsNs: 0n, place: 0, budget: 0, kind: 0, sealedRequest: never, sealedReply: never };
    maps.clients.set(CLIENT, { request: half, reply: half, rate: NO_LIMIT, ...plain });
    maps.queues.set(0, { done: 0, isOut: 0, slowness: NOT_SLOWER });
    maps.classes.set(SHA256_CLASS, { decisions: 0, current: 0, pin: 1, due: [0, 0, 0] });
    this.#prepare(macOf(key));
  }

  /** Nanoseconds per request, of so many; each must be answered. */
  run(count) {
    const { maps, programs, variables } = this.#object;
    if (this.#next + count > SLOTS) {
      this.#next = 0;
      maps.client_states.set(0, { bucket: 0n, window: { largest: 0n, blocks: new Array(513).fill(0n) } });
    }
    variables.bench_next = this.#next;
    this.#next += count;
    const before = this.#answered();
    const { durationNs } = programs.bench_request.testRun({ data: new Uint8Array(FRAME), repeat: count });
    const answered = this.#answered() - before;
    if (answered !== count) throw new Error(`${answered} of ${count} requests were answered`);
    return durationNs;
  }

  close() {
    this.#object.close();
  }

  #answered() {
    const perCpu = this.#object.maps.stats.at(Reason.ANSWER_RESULT);
    return perCpu.reduce((sum, { packets }) => sum + Number(packets), 0);
  }

  #prepare(mac) {
    const map = this.#object.maps.bench_packets;
    const view = map.view();
    for (let i = 0; i < SLOTS; i++) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + i * map.stride, FRAME);
      bytes.set(frameOf(request(BigInt(i + 1), mac)));
    }
  }
}
