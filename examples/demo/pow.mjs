import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect, Machine } from './machine.mjs';
import { PORT } from './network.mjs';
import { runPhase } from './phase.mjs';
import { reportPhases, reportPromises, reportReasons } from './report.mjs';
import { number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * A web server under a flood, without the gate and with it, in about 30 seconds. Exits with 1 when the gate does
 * not do what it promises. Everything happens in networks that exist only as long as this process does.
 */

const FLOOD_PER_SECOND = 750_000;
const SETTLE_MS = 500;
const DEADLINE_MS = 120_000;

async function buildMachines(options) {
  const [server, client, flooder] = await Promise.all(
    ['server', 'client', 'flooder'].map((name) => Machine.start(name)),
  );
  connect(server, 'to-client', client, 'to-server');
  connect(server, 'to-flooder', flooder, 'to-server');
  await Promise.all([server, client, flooder].map((machine) => machine.ask('start', options)));
  return { server, client, flooder };
}

async function raiseGate({ server, flooder }) {
  await server.ask('raiseGate');
  await flooder.ask('mix', { challenge: await server.ask('challenge') });
  await sleep(SETTLE_MS); // what was on its way when the gate came up
}

async function play({ synCookies }) {
  say(
    'CryptBPF demo: a web server, an honest client, and an attacker, each in a network of its own on this machine.',
  );
  const machines = await buildMachines({ synCookies });
  const { client, flooder } = machines;

  step('No attack. The client opens a page 25 times a second, each over a new connection.');
  const calm = await runPhase(machines, { name: 'no flood', seconds: 2 });

  step(
    `The attacker sends ${number(FLOOD_PER_SECOND)} packets a second to port ${PORT}, from forged addresses.`,
  );
  say(
    `   The server's own defence, SYN cookies, is ${synCookies ? 'on' : 'off: --syn-cookies turns it on'}.`,
  );
  await flooder.ask('flood', FLOOD_PER_SECOND);
  const open = await runPhase(machines, { name: 'flood, no gate', seconds: 4 });

  step('The server puts the gate in front of the port. Nobody has solved its puzzle yet; the flood goes on.');
  await raiseGate(machines);
  const unsolved = await runPhase(machines, { name: 'flood, gate, client has not solved', seconds: 3 });

  step('The client asks the gate for a puzzle and solves it, while the flood goes on.');
  const { difficulty, lifetime, milliseconds } = await client.ask('solve');
  say(
    `   admitted after ${number(milliseconds)} ms, for ${number(lifetime)} seconds (${difficulty} bits of work)`,
  );
  const solved = await runPhase(machines, { name: 'flood, gate, client has solved', seconds: 6 });

  reportPhases([calm, open, unsolved, solved]);
  reportReasons(solved);
  return reportPromises({ unsolved, solved });
}

export async function main(args) {
  const { values } = parseArgs({ args, options: { 'syn-cookies': { type: 'boolean', default: false } } });
  await perform(() => play({ synCookies: values['syn-cookies'] }), { deadlineMs: DEADLINE_MS });
}
