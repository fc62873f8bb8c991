import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openObject } from '@cryptbpf/core';
import { OffloadClient, sealQuestion, sha256Question } from '@cryptbpf/offload/client';
import { testObject } from '../network.mjs';
import { configureInterface, serve } from '../role.mjs';
import { AEAD_KEY, CABLE, CLIENT_ID, PORT } from './cable.mjs';

/* The machine that asks. */

const WIDTH = 16;

let client;
let socket;
let last;
let load;

async function start({ secret }) {
  configureInterface('to-service', CABLE.client);
  /* An interface takes what its peer sends by XDP_TX only while it has a program itself. */
  openObject(testObject('pass')).load().programs.pass.attachXdp('to-service');
  socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).bind(0, CABLE.client.address);
  await once(socket, 'listening');
  const send = (packet) => {
    last = packet;
    socket.send(packet, PORT, CABLE.service.address);
  };
  client = new OffloadClient({ id: CLIENT_ID, secret: Buffer.from(secret, 'hex'), send, timeout: 3000 });
  socket.on('message', (packet) => client.receive(packet));
}

async function digest(bytes) {
  const data = randomBytes(bytes);
  const { result, route } = await client.ask(sha256Question(data));
  return { route, isRight: createHash('sha256').update(data).digest().compare(result) === 0 };
}

async function seal(bytes) {
  const text = randomBytes(bytes);
  const { result, route } = await client.ask(sealQuestion(AEAD_KEY, text));
  return { route, isRight: text.compare(await client.open(AEAD_KEY, result)) === 0 };
}

/** So many, one after another: how many by each route, the median time, and whether all were right. */
async function ask({ operation, bytes, count }) {
  const times = [];
  const routes = {};
  let right = 0;
  for (let i = 0; i < count; i++) {
    const before = performance.now();
    const { route, isRight } = await (operation === 'seal' ? seal(bytes) : digest(bytes));
    times.push(performance.now() - before);
    routes[route] = (routes[route] ?? 0) + 1;
    if (isRight) right++;
  }
  return { routes, right, medianUs: 1000 * times.sort((a, b) => a - b)[count >> 1] };
}

/** Keeps requests under way until stop(). */
function begin(bytes) {
  load = { isOn: true, sent: 0, right: 0, wrong: 0, errors: 0 };
  const run = async () => {
    while (load.isOn) {
      load.sent++;
      try {
        const { isRight } = await digest(bytes);
        load[isRight ? 'right' : 'wrong']++;
      } catch {
        load.errors++;
      }
    }
  };
  load.done = Promise.all(Array.from({ length: WIDTH }, run));
}

function progress() {
  const { sent, right, wrong, errors } = load;
  return { sent, right, wrong, errors };
}

async function stop() {
  load.isOn = false;
  await load.done;
  return progress();
}

/** What an attacker can do who saw a packet: send it again, or with a bit changed. */
async function attack(count) {
  const copy = Buffer.from(last);
  const forged = Buffer.from(last);
  forged[31] ^= 0x80; // another counter: not a replay
  for (let i = 0; i < count; i++)
    for (const packet of [copy, forged])
      await new Promise((resolve) => socket.send(packet, PORT, CABLE.service.address, resolve));
}

serve({ start, ask, begin, progress, stop, attack });
