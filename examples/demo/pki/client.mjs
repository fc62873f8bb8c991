import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { presentCertificate } from '@cryptbpf/pki/udp';
import { CABLES } from '../network.mjs';
import { configureInterface, serve } from '../role.mjs';
import { AUDIENCE, PORT } from './service.mjs';

/* The machine of somebody who has a certificate. */

const HOST = CABLES.client.server.address;
const WAIT_MS = 1500;
const INTERVAL_MS = 20;

let flow;

function start() {
  configureInterface('to-server', CABLES.client.peer);
}

/** Whether the service answers over a new connection. */
function reaches() {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port: PORT, timeout: WAIT_MS });
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on('connect', () => socket.write('hello')).on('data', () => end(true));
    socket.on('timeout', () => end(false)).on('error', () => end(false));
  });
}

/** Resolves to undefined, or to the reason of the refusal. */
async function present({ chain, key }) {
  try {
    await presentCertificate({ host: HOST, audience: AUDIENCE, chain, key });
    return undefined;
  } catch (error) {
    return error.reason ?? error.message;
  }
}

/** A connection that stays, over which a word goes and comes. */
async function talk() {
  flow = connect(PORT, HOST);
  flow.on('error', () => {});
  flow.lastHeard = performance.now();
  flow.on('data', () => {
    flow.lastHeard = performance.now();
  });
  setInterval(() => flow.write('.'), INTERVAL_MS).unref();
  await sleep(500);
  return performance.now() - flow.lastHeard < 250;
}

/** When the last word came back, in Unix milliseconds; undefined: it does not end. */
async function untilSilent() {
  const start = performance.now();
  for (const end = start + 5000; performance.now() < end; await sleep(INTERVAL_MS))
    if (performance.now() - flow.lastHeard > 700) return performance.timeOrigin + flow.lastHeard;
  return undefined;
}

serve({ start, reaches, present, talk, untilSilent });
