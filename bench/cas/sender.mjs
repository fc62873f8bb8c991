import { interfaceIndex, openObject } from '@cryptbpf/core';

/* Saturates the server: live frames from XDP, from a process and a network namespace of its own. */

const RUNS = 1 << 16;

const object = openObject(new URL('../../build/bpf/send_bench.bpf.o', import.meta.url)).load();
const { maps, programs, variables } = object;
programs.bench_sink.attachXdp('sender');
const ifindex = interfaceIndex('sender');
let data;

const COMMANDS = {
  /** All packets are this one. */
  prepare({ frame }) {
    data = new Uint8Array(Buffer.from(frame, 'hex'));
    const view = maps.bench_packets.view();
    const slot = maps.bench_packets.spec.valueSize;
    const slots = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let at = 0; at < slots.length; at += slot) slots.set(data.subarray(0, slot), at);
  },

  send({ count, intervalNs }) {
    variables.bench_next = 0;
    variables.send_limit = count;
    variables.send_at_ns = 0n;
    variables.send_interval_ns = BigInt(intervalNs);
    while (variables.bench_next < count) programs.bench_send.sendFrames({ data, ifindex, repeat: RUNS });
  },
};

process.on('message', ({ command, ...options }) => process.send(COMMANDS[command](options) ?? {}));
process.on('disconnect', () => process.exit());
process.send({});
