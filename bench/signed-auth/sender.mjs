import { interfaceIndex, openObject } from '@cryptbpf/core';
import { SESSION_FRAME, SIGNED_FRAME, writePackets } from './packets.mjs';

/* Saturates the server: live frames from XDP, from a process and a network namespace of its own. */

const RUNS = 1 << 18;

const object = openObject(new URL('../../build/bpf/send_bench.bpf.o', import.meta.url)).load();
const { maps, programs, variables } = object;
programs.bench_sink.attachXdp('sender');
const ifindex = interfaceIndex('sender');
let bytes;

const COMMANDS = {
  async prepare({ kind, parties, sources, route }) {
    bytes = kind === 'session' ? SESSION_FRAME : SIGNED_FRAME;
    await writePackets(maps.bench_packets.view(), kind, parties, sources, route);
  },

  /** Each of count packets once. */
  send({ count, intervalNs }) {
    variables.bench_next = 0;
    variables.send_limit = count;
    variables.send_at_ns = 0n;
    variables.send_interval_ns = BigInt(intervalNs);
    const data = new Uint8Array(bytes);
    while (variables.bench_next < count) programs.bench_send.sendFrames({ data, ifindex, repeat: RUNS });
  },
};

process.on('message', async ({ command, ...options }) =>
  process.send((await COMMANDS[command](options)) ?? {}),
);
process.on('disconnect', () => process.exit());
process.send({});
