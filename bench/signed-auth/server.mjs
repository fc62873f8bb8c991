import { Counter, listen, serve } from '../lib/udp-server.mjs';
import { NodeGate } from './node-gate.mjs';
import { SERVICE_PORT } from './packets.mjs';

/* The baseline: a server that checks for itself what it receives. */

let gate;
let passes;
let counter;

const COMMANDS = {
  /** A new memory. passes: whether the packets are to pass. */
  begin(options) {
    gate = new NodeGate(options.parties);
    passes = options.passes;
    counter = new Counter();
  },
  end() {
    const { samples, handled, wrong } = counter;
    return { samples, handled, wrong };
  },
};

await listen(SERVICE_PORT, (_, message) => counter.count((gate.judge(message) !== undefined) === passes));
serve(COMMANDS);
