import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { openObject } from '@cryptbpf/core';
import { SignedAuth } from '@cryptbpf/signed-auth';
import { CABLES, testObject } from '../network.mjs';
import { configureInterface, run, serve } from '../role.mjs';
import { AUDIENCE, KEY_ID, PORT } from './service.mjs';

/* The machine with the service, which sends back what it gets, and with the gate in front of it. */

const INTERFACES = ['to-client', 'to-flooder'];
const MARGIN_MS = 100;

const seen = {};
let witness;
let gate;

async function start() {
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  configureInterface('to-client', CABLES.client.server);
  configureInterface('to-flooder', CABLES.flooder.server);
  witness = openObject(testObject('witness')).load();
  witness.programs.witness.attachTc('to-flooder', 'ingress');
  await echo();
}

/** It knows nothing of signatures. The first word of a packet is the kind under which it is counted. */
function echo() {
  const socket = createSocket('udp4', (datagram, { port, address }) => {
    const [kind] = String(datagram.subarray(0, 16)).split(' ');
    seen[kind] = (seen[kind] ?? 0) + 1;
    socket.send(datagram, port, address);
  });
  return new Promise((resolve) => socket.bind(PORT, resolve));
}

/** And waits: what is signed in the second in which a gate comes up is refused. */
async function raiseGate({ publicPem, budgets }) {
  gate = await SignedAuth.attach({
    interface: INTERFACES,
    ports: [{ port: PORT, protocol: 'udp' }],
    audience: AUDIENCE,
    keys: [{ id: KEY_ID, key: publicPem }],
    ...budgets,
  });
  await gate.tablesBuilt();
  await sleep(1000 - (Date.now() % 1000) + MARGIN_MS);
}

function counts() {
  const reasons = gate ? Object.entries(gate.stats()) : [];
  return {
    seen: { ...seen },
    inStack: Number(witness.variables.seen),
    reasons: Object.fromEntries(reasons.map(([name, { packets }]) => [name, Number(packets)])),
  };
}

serve({
  start,
  raiseGate,
  counts,
  limit: (budgets) => gate.update(budgets),
  revoke: () => gate.revokeKey(KEY_ID),
});
