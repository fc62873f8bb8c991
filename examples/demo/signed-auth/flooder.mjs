import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { interfaceIndex, openObject } from '@cryptbpf/core';
import { addressBytes, checksum, udpFrame } from '../frames.mjs';
import { CABLES, testObject } from '../network.mjs';
import { configureInterface, run, serve } from '../role.mjs';
import { KEY_ID, PORT } from './service.mjs';

/*
 * The attacker's machine. Live frames come in by its interface, from forged addresses; the machine forwards them to
 * the server, as a router would.
 */

const ENDS = { from: CABLES.flooder.server, to: CABLES.flooder.peer };
const TICK_MS = 5;
const FRAMES = 4;
const MAGIC = 0x5147beef;
const SIGNED = 1;
const IP = 14;
const UDP = IP + 20;

let pass;
let ifindex;
let sent = 0;
let timer;

function start() {
  configureInterface('to-server', CABLES.flooder.peer);
  for (const name of ['ip_forward', 'conf/all/forwarding']) setKernel(name, 1);
  for (const name of ['all', 'to-server']) {
    setKernel(`conf/${name}/rp_filter`, 0);
    setKernel(`conf/${name}/send_redirects`, 0);
  }
  const { address, mac } = CABLES.flooder.server;
  run('ip', 'neighbour', 'add', address, 'lladdr', mac, 'dev', 'to-server');
  ({ pass } = openObject(testObject('pass')).load().programs);
  /* Attached, if only where nothing comes in: else the kernel attaches it anew, which is slow, for each batch. */
  pass.attachXdp('lo', { mode: 'generic' });
  ifindex = interfaceIndex('to-server');
}

function setKernel(name, value) {
  writeFileSync(`/proc/sys/net/ipv4/${name}`, `${value}`);
}

/** A trailer that is right in everything but its signature. */
function forgedTrailer() {
  const bytes = randomBytes(96);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000), 16);
  bytes.writeUInt16BE(KEY_ID, 20);
  bytes.writeUInt16BE(0, 22);
  bytes.writeUInt32BE((1 << 24) | (SIGNED << 16), 88);
  bytes.writeUInt32BE(MAGIC, 92);
  return bytes;
}

/** A packet from a forged address (198.18.0.0/15), without a UDP checksum. */
function forgedFrame() {
  const payload = Buffer.concat([Buffer.from('flood 0 '), forgedTrailer()]);
  const frame = udpFrame({ ...ENDS, port: PORT, payload });
  const [low, middle, high] = randomBytes(3);
  frame.set([198, 18 + (high & 1), middle, low], IP + 12);
  frame.set(addressBytes(ENDS.from.address), IP + 16);
  frame.writeUInt16BE(0, IP + 10);
  frame.writeUInt16BE(checksum(frame.subarray(IP, UDP)), IP + 10);
  frame.writeUInt16BE(1024 + low, UDP);
  frame.writeUInt16BE(0, UDP + 6);
  return frame;
}

/** Sends packetsPerSecond from now on, or less where the computer does not keep up; each address a few times. */
function flood(packetsPerSecond) {
  let last = performance.now();
  timer = setInterval(() => {
    const now = performance.now();
    const due = Math.min(now - last, 4 * TICK_MS) * (packetsPerSecond / 1000);
    last = now;
    const repeat = Math.max(1, Math.round(due / FRAMES));
    for (let i = 0; i < FRAMES; i++, sent += repeat)
      pass.sendFrames({ data: forgedFrame(), ifindex, repeat });
  }, TICK_MS);
}

serve({ start, flood, stop: () => clearInterval(timer), counts: () => ({ sent }) });
