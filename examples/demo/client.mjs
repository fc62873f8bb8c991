import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openObject } from '@cryptbpf/core';
import { requestAccess } from '@cryptbpf/pow/udp';
import { CABLES, PORT, testObject } from './network.mjs';
import { configureInterface, serve } from './role.mjs';

/* The machine of an honest user, who opens the server's page again and again. */

const SERVER = CABLES.client.server.address;
const INTERVAL_MS = 40;
const TIMEOUT_MS = 1000;

let sent = 0;
let answered = 0;

function start() {
  configureInterface('to-server', CABLES.client.peer);
  /* A virtual interface takes what the gate sends back only while it has an XDP program. */
  openObject(testObject('pass')).load().programs.pass.attachXdp('to-server');
}

/** One page over a new connection. Resolves to its milliseconds, or to undefined when it did not come. */
function openPage() {
  const started = performance.now();
  return new Promise((resolve) => {
    const request = get({ host: SERVER, port: PORT, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    request.on('error', () => resolve(undefined));
    request.on('response', (response) => {
      response.on('error', () => resolve(undefined));
      response.on('end', () =>
        resolve(response.statusCode === 200 ? performance.now() - started : undefined),
      );
      response.resume();
    });
  });
}

async function openCountedPage() {
  sent++;
  const time = await openPage();
  if (time !== undefined) answered++;
  return time;
}

/** Opens pages at a steady rate, and waits for the last of them. */
async function browse(seconds) {
  sent = 0;
  answered = 0;
  const pages = [];
  const started = performance.now();
  while (performance.now() - started < seconds * 1000) {
    pages.push(openCountedPage());
    await sleep(INTERVAL_MS);
  }
  const times = (await Promise.all(pages)).filter((time) => time !== undefined).sort((a, b) => a - b);
  return { sent, answered, medianMs: times[times.length >> 1] };
}

async function solve() {
  const started = performance.now();
  const { difficulty, lifetime } = await requestAccess({ host: SERVER });
  return { difficulty, lifetime, milliseconds: performance.now() - started };
}

serve({ start, browse, solve, counts: () => ({ sent, answered }) });
