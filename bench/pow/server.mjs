import { Counter, listen, serve } from '../lib/udp-server.mjs';
import { CONTROL_PORT, PROTECTED_PORT } from './frames.mjs';
import { Lists } from './lists.mjs';
import { NodeGate } from './node-gate.mjs';

/*
 * The baseline: a UDP server in a process and a network namespace of its own, which does its best.
 */

/** check -> what to do with a packet; false: it was not what the row says. */
const CHECKS = {
  hello: (gate, message, source) => gate.hello(message, source),
  solution: (gate, message, source) => gate.proof(message, source),
  drop: (gate, _, source) => !gate.passes(source),
  admitted: (gate, _, source) => gate.passes(source),
};

let gate;
let check;
let counter;

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

await Promise.all([listen(CONTROL_PORT, control), listen(PROTECTED_PORT, traffic)]);
serve(COMMANDS);
