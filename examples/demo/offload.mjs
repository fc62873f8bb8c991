import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect, Machine } from './machine.mjs';
import { allKept, promise } from './promises.mjs';
import { live, number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * A service of operations, in about 20 seconds: what it learns, and what happens when its card fails under load. Exits
 * with 1 when a result is wrong, a request is lost, or the card is not taken out and back in. Everything happens in
 * networks that exist only as long as this process does. The card is simulated.
 */

const DEADLINE_MS = 120_000;
const ASKED = 400;
const ATTACKS = 1000;
const LOAD_MS = 1000;
const WAIT_MS = 20_000;

async function buildMachines() {
  const [service, client] = await Promise.all(
    ['service', 'client'].map((name) => Machine.start(`offload/${name}`)),
  );
  connect(service, 'to-client', client, 'to-service');
  const shared = { secret: randomBytes(32).toString('hex'), key: randomBytes(32).toString('hex') };
  await client.ask('start', shared);
  await service.ask('start', shared);
  return { service, client };
}

const routesOf = (routes) =>
  Object.entries(routes)
    .map(([route, count]) => `${route} ${number(count)}`)
    .join(', ');

async function until(condition) {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await sleep(20))
    if (await condition()) return true;
  return false;
}

async function learn({ client }) {
  step('The client asks, and the kernel learns where each kind of request is fastest.');
  for (const [operation, bytes] of [
    ['sha256', 100],
    ['sha256', 1300],
    ['seal', 1000],
    ['sha256', 60_000],
  ]) {
    const { routes, right, medianUs } = await client.ask('ask', { operation, bytes, count: ASKED });
    promise(
      right === ASKED,
      `${operation} of ${number(bytes)} bytes: ${routesOf(routes)}; median ${number(medianUs)} µs, all right`,
    );
  }
}

async function attack({ service, client }) {
  step('Somebody who saw a request sends it again, and changed.');
  const before = await service.ask('counts');
  await client.ask('attack', ATTACKS);
  const isDropped = async () => {
    const { replays, forged } = await service.ask('counts');
    return replays - before.replays >= ATTACKS && forged - before.forged >= ATTACKS;
  };
  promise(
    await until(isDropped),
    `${number(2 * ATTACKS)} packets were dropped in the kernel, and none was answered`,
  );
}

async function fail({ service, client }, failure) {
  await client.ask('begin', 1000);
  await sleep(LOAD_MS);
  const before = await service.ask('counts');
  await service.ask('fail', failure);
  const started = performance.now();
  const isOut = await until(async () => (await service.ask('counts')).outages > before.outages);
  const outMs = performance.now() - started;
  promise(
    isOut,
    `the card ${failure === 'stalls' ? 'stalls' : 'is wrong'}: out of service after ${number(outMs)} ms`,
  );
  const { sent } = await client.ask('progress');
  live(`${number(sent)} requests so far`);
  await sleep(LOAD_MS);
  await service.ask('fail', 'none');
  promise(await until(async () => !(await service.ask('counts')).isOut), 'well again, and back in service');
  const { right, wrong, errors, sent: all } = await client.ask('stop');
  const { moved } = await service.ask('counts');
  promise(
    right + wrong + errors === all && errors === 0,
    `of ${number(all)} requests none was lost: ${number(moved - before.moved)} were moved to another route`,
  );
  return wrong;
}

async function play() {
  say('CryptBPF demo: a service of cryptographic operations, a client, and a card that fails.');
  const machines = await buildMachines();
  await learn(machines);
  await attack(machines);
  step('All requests go to the (simulated) card, which stops answering.');
  await machines.service.ask('policy', 'hardware');
  const wrong = await fail(machines, 'stalls');
  promise(wrong === 0, 'no result was wrong');
  step('The card answers again, but wrongly. One result in 64 is checked.');
  const missed = await fail(machines, 'wrong');
  say(`   ${number(missed)} wrong results went out before a check found one`);
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
