import { interfaceIndex, openObject } from '@cryptbpf/core';
import { datagramFrame, helloFrame, MESSAGE_FRAME, proofFrame, writeFrames } from './frames.mjs';
import { NodeGate } from './node-gate.mjs';

/* Saturates the server: live frames from XDP, from a process and a network namespace of its own. */

const RUNS = 1 << 18;

const object = openObject(new URL('../../build/bpf/send_bench.bpf.o', import.meta.url)).load();
const { maps, programs, variables } = object;
programs.bench_sink.attachXdp('sender');

const WRITERS = {
  hello: (route) => helloFrame(route),
  solution: (route, gate) => proofFrame(route, (_, source) => gate.issue(source)),
  drop: (route) => datagramFrame(route),
  admitted: (route) => datagramFrame(route),
};

const ifindex = interfaceIndex('sender');

const COMMANDS = {
  prepare({ name, secret, sources, route }) {
    const gate = new NodeGate(Buffer.from(secret, 'hex'));
    writeFrames(maps.bench_packets.view(), sources, WRITERS[name](route, gate));
  },

  /** Each of count packets once. */
  send({ count, intervalNs }) {
    variables.bench_next = 0;
    variables.send_limit = count;
    variables.send_at_ns = 0n;
    variables.send_interval_ns = BigInt(intervalNs);
    const data = new Uint8Array(MESSAGE_FRAME);
    while (variables.bench_next < count) programs.bench_send.sendFrames({ data, ifindex, repeat: RUNS });
  },
};

process.on('message', ({ command, ...options }) => process.send(COMMANDS[command](options) ?? {}));
process.on('disconnect', () => process.exit());
process.send({});
