import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { openObject } from '@cryptbpf/core';
import { PowGate } from '@cryptbpf/pow';
import { CABLES, FORGED, PORT, testObject } from './network.mjs';
import { configureInterface, run, serve } from './role.mjs';

/* The machine that is attacked: a web server, and the gate that it puts in front of itself. */

const INTERFACES = ['to-client', 'to-flooder'];

let gate;
let openDoor;
let witness;
let requests = 0;
let foreign = 0;

async function start({ synCookies }) {
  setKernel('tcp_syncookies', synCookies ? 1 : 0);
  /* Forget connections that were begun and never completed after 3 seconds, so that the server recovers soon. */
  setKernel('tcp_synack_retries', 1);
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  configureInterface('to-client', CABLES.client.server);
  configureInterface('to-flooder', CABLES.flooder.server);
  const { address, mac } = CABLES.flooder.peer;
  run('ip', 'neighbour', 'add', address, 'lladdr', mac, 'dev', 'to-flooder');
  run('ip', 'route', 'add', FORGED, 'via', address);
  witness = openObject(testObject('witness')).load();
  witness.programs.witness.attachTc('to-flooder', 'ingress');
  leaveOpen();
  await Promise.all([listenToHttp(), listenToUdp()]);
}

function setKernel(name, value) {
  writeFileSync(`/proc/sys/net/ipv4/${name}`, `${value}`);
}

/** A virtual interface takes the flooder's frames only while it has an XDP program: without the gate, this one. */
function leaveOpen() {
  const { pass } = openObject(testObject('pass')).load().programs;
  openDoor = pass.attachXdp('to-flooder');
}

function listenToHttp() {
  const server = createServer((_request, response) => {
    requests++;
    response.setHeader('connection', 'close');
    response.end('hello\n');
  });
  server.on('connection', (socket) => {
    if (socket.remoteAddress !== CABLES.client.peer.address) foreign++;
  });
  return new Promise((resolve) => server.listen(PORT, '0.0.0.0', resolve));
}

/** The same port on UDP, so that the server hears that part of the flood too. */
function listenToUdp() {
  const socket = createSocket('udp4', () => foreign++);
  return new Promise((resolve) => socket.bind(PORT, resolve));
}

async function raiseGate() {
  openDoor.close();
  gate = await PowGate.attach({ interface: INTERFACES, ports: [PORT] });
}

/** A puzzle as anybody gets it who asks. */
function challenge() {
  return Buffer.from(gate.challengeFor(CABLES.flooder.peer.address)).toString('hex');
}

/** Packets that came in by the flooder's cable, whatever became of them. */
function received() {
  const line = readFileSync('/proc/self/net/dev', 'latin1')
    .split('\n')
    .find((text) => text.trim().startsWith('to-flooder:'));
  return Number(line.split(':')[1].trim().split(/\s+/)[1]);
}

function counts() {
  const reasons = gate ? Object.entries(gate.stats()) : [];
  return {
    received: received(),
    inStack: Number(witness.variables.seen),
    inProcess: foreign,
    requests,
    reasons: Object.fromEntries(reasons.map(([name, { packets }]) => [name, Number(packets)])),
  };
}

serve({ start, raiseGate, challenge, counts });
