import { createServer } from 'node:net';
import { PkiValidator } from '@cryptbpf/pki';
import { CABLES } from '../network.mjs';
import { configureInterface, run, serve } from '../role.mjs';
import { AUDIENCE, PORT } from './service.mjs';

/* The machine with the service, which sends back what it gets, and with the gate in front of it. */

let gate;

async function start() {
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  configureInterface('to-client', CABLES.client.server);
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise((resolve) => server.listen(PORT, resolve));
}

async function raiseGate({ anchors, intermediates, crls, names }) {
  gate = await PkiValidator.attach({
    ...{ interface: 'to-client', ports: [PORT], audience: AUDIENCE },
    ...{ anchors, intermediates, crls, names, requireCrl: false },
  });
  await gate.tablesBuilt();
}

function counts() {
  return Object.fromEntries(
    Object.entries(gate.stats()).map(([name, { packets }]) => [name, Number(packets)]),
  );
}

serve({
  start,
  raiseGate,
  counts,
  admitted: () => gate.admitted().map(({ source, certificate }) => ({ source, name: certificate?.name })),
});
