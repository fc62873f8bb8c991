import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { contentOf } from '@cryptbpf/cas/client';
import { configureInterface, run, serve } from '../role.mjs';
import { CABLES, CREDIT_PORT, PORT } from './cables.mjs';
import { Window } from './window.mjs';

/* The machine that has the file. */

const FILE = '/mnt/file';
const PIECE = 2 ** 20;
const WINDOW = 64;
/** With 19 levels, as many bytes as fit a packet of 1472. */
const CONTENT = { chunkBytes: 768, packetBytes: 1472 };

const window = new Window(WINDOW);
let socket;
let content;

async function start() {
  run('mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
  configureInterface('to-middle', CABLES.sender.peer);
  socket = createSocket('udp4').bind(CREDIT_PORT);
  await once(socket, 'listening');
  socket.on('message', (message) => window.hear(message.readUInt32BE(0)));
}

/** A file of random bytes, which does not fit into memory twice. */
async function makeFile(size) {
  const file = openSync(FILE, 'w');
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += PIECE) {
    const piece = randomBytes(PIECE);
    writeSync(file, piece);
    hash.update(piece);
  }
  closeSync(file);
  const started = performance.now();
  content = await contentOf((start, end) => createReadStream(FILE, { start, end: end - 1 }), CONTENT);
  const seconds = (performance.now() - started) / 1000;
  return { cid: content.cid.toString(), chunks: content.packetCount, digest: hash.digest('hex'), seconds };
}

async function send(ranges) {
  for await (const packet of content.packets(ranges)) {
    if (!window.isOpen) await window.wait();
    window.count();
    socket.send(packet, PORT, CABLES.sender.middle.address);
  }
}

serve({ start, makeFile, send });
