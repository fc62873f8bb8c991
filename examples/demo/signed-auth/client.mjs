import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openObject } from '@cryptbpf/core';
import { createSigner, generateKey, openSession, SignedSocket } from '@cryptbpf/signed-auth/udp';
import { CABLES, testObject } from '../network.mjs';
import { configureInterface, serve } from '../role.mjs';
import { AUDIENCE, KEY_ID, PORT } from './service.mjs';

/* The machine of somebody who has the key, and also sends what must not pass. */

const SERVER = CABLES.client.server.address;
const TIMEOUT_MS = 1000;
const INTERVAL_MS = 20;
/** Packets between two looks at the event loop, so that echoes do not pile up. */
const BATCH = 64;

const { privatePem, publicPem } = generateKey();
const signer = newSigner();
/** Packets that passed, to be sent once more. */
const recorded = [];
let plain;
let session;

const SENDERS = {
  unsigned: (payload) => payload,
  tampered: async (payload) => tamper(await signer.sign(payload)),
  replayed: () => recorded.shift(),
  signed: async (payload) => {
    const packet = await signer.sign(payload);
    recorded.push(packet);
    return packet;
  },
  session: (payload) => session.seal(payload),
};

async function start() {
  configureInterface('to-server', CABLES.client.peer);
  /* A virtual interface takes what the gate sends back only while it has an XDP program. */
  openObject(testObject('pass')).load().programs.pass.attachXdp('to-server');
  plain = createSocket('udp4');
  plain.connect(PORT, SERVER);
  await once(plain, 'connect');
  return { publicPem };
}

function newSigner() {
  return createSigner(privatePem, { audience: AUDIENCE, keyId: KEY_ID });
}

/** Another payload of the same length under the same signature. */
function tamper(packet) {
  packet[packet.indexOf(0x20) + 1] ^= 1;
  return packet;
}

/** Sends packets of a kind, and waits for what comes back. */
async function ask({ kind, count }) {
  let answered = 0;
  const hear = () => answered++;
  plain.on('message', hear);
  for (let i = 0; i < count; i++) {
    plain.send(await SENDERS[kind](Buffer.from(`${kind} ${i}`)));
    await sleep(INTERVAL_MS);
  }
  for (let waited = 0; answered < count && waited < TIMEOUT_MS; waited += INTERVAL_MS)
    await sleep(INTERVAL_MS);
  plain.off('message', hear);
  return { sent: count, answered };
}

/** Sends packets that were made before, as fast as it goes. Resolves to how many there were a second. */
async function measure({ kind, count }) {
  const packets = [];
  for (let i = 0; i < count; i++) packets.push(await SENDERS[kind](Buffer.from(`rate-${kind} ${i}`)));
  recorded.length = 0;
  const started = performance.now();
  for (let i = 0; i < count; i += BATCH) {
    await Promise.all(packets.slice(i, i + BATCH).map(send));
  }
  return { sent: count, perSecond: (count * 1000) / (performance.now() - started) };
}

function send(packet) {
  return new Promise((resolve, reject) =>
    plain.send(packet, (error) => (error ? reject(error) : resolve(undefined))),
  );
}

async function beginSession() {
  const started = performance.now();
  session = await openSession({ host: SERVER, signer });
  return { lifetime: session.lifetime, milliseconds: performance.now() - started };
}

/** Sends as applications do: a socket that answers the gate's demands for cookies, with or without a session. */
async function talk({ seconds }) {
  const socket = new SignedSocket({ signer: newSigner(), session: false });
  const heard = new Set();
  socket.on('message', (datagram) => heard.add(String(datagram)));
  const sealed = ask({ kind: 'session', count: (seconds * 1000) / INTERVAL_MS });
  let sent = 0;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; sent++) {
    await socket.send(`honest ${sent}`, PORT, SERVER);
    await sleep(INTERVAL_MS);
  }
  const session = await sealed;
  await sleep(TIMEOUT_MS);
  await socket.close();
  return { signed: { sent, answered: heard.size }, session };
}

serve({ start, ask, measure, beginSession, talk });
