import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createReadStream, openSync, writeSync } from 'node:fs';
import { ContentVerifier } from '@cryptbpf/cas';
import { Receiver, verifyPacket } from '@cryptbpf/cas/client';
import { configureInterface, run, serve } from '../role.mjs';
import { CABLES, CREDIT, CREDIT_PORT, PORT } from './cables.mjs';

/* The machine that wants the file, with the verifier in front of it. */

const FILE = '/mnt/file';
const DROPS = /^DROP_/;

let socket;
let file;
let receiver;
let verifier;
let got = 0;
let seen = 0;
let wrong = 0;

async function start() {
  run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf');
  run('mount', '-t', 'tmpfs', 'tmpfs', '/mnt');
  configureInterface('to-middle', CABLES.receiver.peer);
  file = openSync(FILE, 'w+');
  socket = createSocket('udp4').bind(PORT);
  await once(socket, 'listening');
}

/** From now on packets of this content are taken. isChecked: they are hashed here, to count what is wrong. */
function expect({ cid, isChecked }) {
  const write = (position, bytes) => void writeSync(file, bytes, 0, bytes.length, position);
  receiver = new Receiver(cid, { sink: { write }, verify: false });
  [seen, wrong] = [0, 0];
  socket.removeAllListeners('message');
  socket.on('message', (packet) => {
    if (++got % CREDIT === 0) tellGot();
    seen++;
    if (!isChecked || isRight(packet)) receiver.accept(packet);
  });
}

function isRight(packet) {
  try {
    verifyPacket(packet);
    return true;
  } catch {
    wrong++;
    return false;
  }
}

function tellGot() {
  const message = Buffer.alloc(4);
  message.writeUInt32BE(got);
  socket.send(message, CREDIT_PORT, CABLES.receiver.middle.address);
}

async function protect(cid) {
  verifier = await ContentVerifier.attach({ interface: 'to-middle', ports: [PORT], allow: [cid] });
  expect({ cid, isChecked: false });
}

function counts() {
  const reasons = verifier ? Object.entries(verifier.stats()) : [];
  const dropped = reasons.filter(([name]) => DROPS.test(name)).map(([, { packets }]) => Number(packets));
  const passed = Number(verifier?.stats().PASS_CHUNK.packets ?? 0);
  return {
    seen,
    wrong,
    missing: receiver.missingCount,
    passed,
    dropped: dropped.reduce((sum, n) => sum + n, 0),
  };
}

async function digest() {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(FILE)) hash.update(piece);
  return hash.digest('hex');
}

serve({ start, expect, protect, counts, missing: () => receiver.missing(), digest });
