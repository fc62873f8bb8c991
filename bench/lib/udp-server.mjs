import { createSocket } from 'node:dgram';
import { openObject } from '@cryptbpf/core';

/*
 * A UDP server as a baseline, in a process and a network namespace of its own. Every so many packets it notes the CPU
 * time that the process, kernel side of its system calls included, took for each.
 */

const PACKETS_A_SAMPLE = 512;
const RECEIVE_BUFFER = 4 << 20;

/** CPU time per packet, of so many at a time. */
export class Counter {
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

function cpuNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** onMessage: (socket, message, peer) */
export function listen(port, onMessage) {
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

/** Answers commands of the process that started this one: {name: (options) => answer} */
export function serve(commands) {
  attachPass();
  process.on('message', ({ command, ...options }) => process.send(commands[command](options) ?? {}));
  process.on('disconnect', () => process.exit());
  process.send({});
}

/** An interface takes what its peer sends by XDP_TX only while it has a program itself. */
function attachPass() {
  const object = openObject(new URL('../../build/bpf/pass.bpf.o', import.meta.url)).load();
  object.programs.pass.attachXdp('server');
}
