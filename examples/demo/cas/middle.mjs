import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { configureInterface, serve } from '../role.mjs';
import { CABLES, CREDIT, CREDIT_PORT, PORT } from './cables.mjs';
import { Window } from './window.mjs';

/* Whoever sits between both: he loses packets, sends them in another order, and changes some. */

const LOST = 0.05;
const CHANGED = 0.02;
/** Packets that are held back, for others to overtake them. */
const HELD = 24;
const WINDOW = 48;
const QUIET_MS = 60;
/** What he changes: index, size, root, chunk, path. */
const PLACES = [47, 55, 70, 100, 500, 1000];

const window = new Window(WINDOW);
const queue = [];
const held = [];
const counted = { lost: 0, changed: 0, sent: 0 };
let toSender;
let toReceiver;
let taken = 0;
let isPumping = false;

async function start() {
  configureInterface('to-sender', CABLES.sender.middle);
  configureInterface('to-receiver', CABLES.receiver.middle);
  toSender = createSocket('udp4').bind(PORT, CABLES.sender.middle.address);
  toReceiver = createSocket('udp4').bind(CREDIT_PORT, CABLES.receiver.middle.address);
  await Promise.all([once(toSender, 'listening'), once(toReceiver, 'listening')]);
  toReceiver.on('message', (message) => window.hear(message.readUInt32BE(0)));
  toSender.on('message', (packet) => {
    queue.push(packet);
    pump();
  });
}

async function pump() {
  if (isPumping) return;
  isPumping = true;
  for (let packet = queue.shift(); packet; packet = queue.shift()) {
    if (!window.isOpen) await window.wait();
    if (++taken % CREDIT === 0) tellTaken();
    pass(packet);
  }
  isPumping = false;
}

function tellTaken() {
  const message = Buffer.alloc(4);
  message.writeUInt32BE(taken);
  toSender.send(message, CREDIT_PORT, CABLES.sender.peer.address);
}

function pass(packet) {
  if (Math.random() < LOST) {
    counted.lost++;
    return;
  }
  if (held.length < HELD) {
    held.push(packet);
    return;
  }
  const place = Math.floor(Math.random() * HELD);
  forward(held[place]);
  held[place] = packet;
}

function forward(packet) {
  const isChanged = Math.random() < CHANGED;
  if (isChanged) {
    packet[PLACES[Math.floor(Math.random() * PLACES.length)]] ^= 1 << Math.floor(Math.random() * 8);
    counted.changed++;
  } else {
    counted.sent++;
    window.count();
  }
  toReceiver.send(packet, PORT, CABLES.receiver.peer.address);
}

/** Resolves when all that came is on its way, and has had time to arrive. */
async function flush() {
  for (let before = -1; queue.length > 0 || isPumping || before !== taken; await sleep(QUIET_MS))
    before = taken;
  while (held.length > 0) {
    if (!window.isOpen) await window.wait();
    forward(held.pop());
  }
  await sleep(QUIET_MS);
}

serve({ start, flush, counts: () => ({ ...counted }) });
