import { createSocket } from 'node:dgram';
import { openObject } from '@cryptbpf/core';
import { CONTROL_PORT, PROTECTED_PORT } from './frames.mjs';
import { Lists } from './lists.mjs';
import { NodeGate } from './node-gate.mjs';

/*
 * The baseline: a UDP server in a process and a network namespace of its own, which does its best. Every so many
 * packets it notes the CPU time that the process, kernel side of its system calls included, took for each.
 */

const PACKETS_A_SAMPLE = 512;
const RECEIVE_BUFFER = 4 << 20;

/** check -> what to do with a packet; false: it was not what the row says. */
const CHECKS = {
  hello: (gate, message, source) => gate.hello(message, source),
  solution: (gate, message, source) => gate.proof(message, source),
  drop: (gate, _, source) => !gate.passes(source),
  admitted: (gate, _, source) => gate.passes(source),
};

class Counter {
  samples = [];
  handled = 0;
  wrong = 0;
  #cpu = cpuNs();

  count(isRight) {
    if (!isRight) this.wrong++;
    if (++this.handled % PACKETS_A_SAMPLE !== 0) return;
    const now = cpuNs();
    this.samples.push((now - this.#cpu) / PACKETS_A_SAMPLE);
    this.#cpu = now;
  }
}

let gate;
let check;
let counter;

function cpuNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** "198.51.100.7" as a number. */
function parse(address) {
  let value = 0;
  let byte = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code !== 46) {
      byte = byte * 10 + code - 48;
      continue;
    }
    value = value * 256 + byte;
    byte = 0;
  }
  return value * 256 + byte;
}

function listen(port, onMessage) {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: RECEIVE_BUFFER,
    lookup: (address, _, done) => done(null, address, 4), // nothing to resolve
  });
  socket.on('message', (message, peer) => onMessage(socket, message, peer));
  return new Promise((resolve) => {
    socket.bind(port, resolve);
  });
}

function control(socket, message, { address, port }) {
  const isRight = check(gate, message, parse(address));
  if (isRight) socket.send(message, port, address);
  counter.count(isRight);
}

function traffic(_, message, { address }) {
  counter.count(check(gate, message, parse(address)));
}

const COMMANDS = {
  begin({ name, secret, lists, admitted }) {
    gate = new NodeGate(Buffer.from(secret, 'hex'), new Lists(lists));
    for (const source of admitted) gate.admit(source);
    check = CHECKS[name];
    counter = new Counter();
  },
  end() {
    const { samples, handled, wrong } = counter;
    return { samples, handled, wrong };
  },
};

// An interface takes what its peer sends by XDP_TX only while it has a program itself.
const pass = openObject(new URL('../../build/bpf/pass.bpf.o', import.meta.url)).load();
pass.programs.pass.attachXdp('server');
await Promise.all([listen(CONTROL_PORT, control), listen(PROTECTED_PORT, traffic)]);
process.on('message', ({ command, ...options }) => process.send(COMMANDS[command](options) ?? {}));
process.on('disconnect', () => process.exit());
process.send({});
