import { createServer } from 'node:net';
import { ZkpFilter } from '@cryptbpf/zkp';
import { CABLES } from '../network.mjs';
import { configureInterface, run, serve } from '../role.mjs';
import { AUDIENCE, GREETING, GROUP, PORT } from './service.mjs';

/* The machine with the service, which greets as SSH does, and with the gate in front of it. */

const INTERFACES = ['to-client', 'to-flooder'];

let gate;

async function start() {
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  configureInterface('to-client', CABLES.client.server);
  configureInterface('to-flooder', CABLES.flooder.server);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${GREETING}\r\n`);
  });
  await new Promise((resolve) => server.listen(PORT, resolve));
}

/** Resolves to what the members have to know. */
async function raiseGate({ members }) {
  gate = await ZkpFilter.attach({
    interface: INTERFACES,
    ports: [PORT],
    audience: AUDIENCE,
    proof: { kind: 'ring', groups: [{ id: GROUP, members: members.map(bytes) }] },
  });
  return gate.provers.description(GROUP);
}

/** The next epoch, with other members; the admissions that there are end. */
async function rotate({ members }) {
  await gate.provers.rotate(GROUP, { members: members.map(bytes) });
  for (const { source } of gate.admitted()) gate.revoke(source);
  return gate.provers.description(GROUP);
}

function bytes(hex) {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function counts() {
  const counted = Object.entries(gate.stats()).map(([reason, { packets }]) => [reason, Number(packets)]);
  return { reasons: Object.fromEntries(counted), admitted: gate.admitted().map(({ source }) => source) };
}

serve({ start, raiseGate, rotate, counts });
