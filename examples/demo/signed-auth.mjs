import { parseArgs } from 'node:util';
import { connect, Machine } from './machine.mjs';
import { allKept, promise } from './promises.mjs';
import { number, say, step } from './screen.mjs';
import { PORT } from './signed-auth/service.mjs';
import { perform } from './stage.mjs';

/*
 * A UDP service that only holders of a key reach, in about 20 seconds. Exits with 1 when the gate does not do what it
 * promises. Everything happens in networks that exist only as long as this process does.
 */

const DEADLINE_MS = 58_000;
const COUNT = 20;
const FLOOD_PER_SECOND = 100_000;
const FLOOD_MIN = 20_000;
const FLOOD_SECONDS = 5;
const ANSWERED_MIN = 0.95;
const RATED = { unsigned: 20_000, signed: 5_000, session: 20_000 };
/** Checks of signatures per second: while it is measured, and while it is flooded. */
const WIDE = budgetsOf(1_000_000);
const NARROW = budgetsOf(1000);

function budgetsOf(perSecond) {
  const budget = { perSecond, burst: perSecond };
  return { sourceBudget: budget, keyBudget: budget, curveBudget: budget };
}

async function buildMachines() {
  const [server, client, flooder] = await Promise.all(
    ['server', 'client', 'flooder'].map((name) => Machine.start(`signed-auth/${name}`)),
  );
  connect(server, 'to-client', client, 'to-server');
  connect(server, 'to-flooder', flooder, 'to-server');
  const [, { publicPem }] = await Promise.all([server, client, flooder].map((m) => m.ask('start')));
  return { server, client, flooder, publicPem };
}

/** Sends packets of a kind; all of them have to be seen by the service and answered, or none. */
async function expectAll({ server, client }, kind, what, isExpected) {
  const before = await server.ask('counts');
  const { sent, answered } = await client.ask('ask', { kind, count: COUNT });
  const after = await server.ask('counts');
  const seen = (after.seen[kind] ?? 0) - (before.seen[kind] ?? 0);
  /* A replayed packet says what it said the first time. */
  const all = sum(after.seen) - sum(before.seen);
  const wanted = isExpected ? sent : 0;
  const isKept = answered === wanted && all === wanted && (seen === wanted || kind === 'replayed');
  promise(isKept, `${what}: ${sent} sent, ${all} seen by the service, ${answered} answered`);
}

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Packets per second, and how many the gate let through. */
async function rate({ server, client }, kind, reason) {
  const before = await server.ask('counts');
  const { sent, perSecond } = await client.ask('measure', { kind, count: RATED[kind] });
  const after = await server.ask('counts');
  const passed = reason ? after.reasons[reason] - before.reasons[reason] : sent;
  return { sent, passed, perSecond };
}

async function compareRates(machines, open) {
  const signed = await rate(machines, 'signed', 'PASS_SIGNED');
  const session = await rate(machines, 'session', 'PASS_SESSION');
  say(`   without the gate  ${number(open.perSecond).padStart(9)} packets/s`);
  say(`   signed            ${number(signed.perSecond).padStart(9)} packets/s`);
  say(`   session           ${number(session.perSecond).padStart(9)} packets/s`);
  say(
    '   The sender, in Node, and the service have a part in each of them: npm run bench measures the gate.',
  );
  promise(signed.passed === signed.sent, `all ${number(signed.sent)} signed packets passed the gate`);
  promise(session.passed === session.sent, `all ${number(session.sent)} packets of the session passed it`);
  promise(session.perSecond > signed.perSecond, 'the session is faster than signatures');
}

async function underFlood({ server, client, flooder }) {
  await server.ask('limit', NARROW);
  await flooder.ask('flood', FLOOD_PER_SECOND);
  const began = performance.now();
  const before = await server.ask('counts');
  const { signed, session } = await client.ask('talk', { seconds: FLOOD_SECONDS });
  const after = await server.ask('counts');
  const seconds = (performance.now() - began) / 1000;
  const { sent } = await flooder.ask('counts');
  await flooder.ask('stop');
  reportFlood({ before, after, signed, session, seconds, sent });
}

function reportFlood({ before, after, signed, session, seconds, sent }) {
  const grown = (reason) => after.reasons[reason] - before.reasons[reason];
  const checked = grown('DROP_SIGNATURE') + grown('PASS_SIGNED');
  const most = NARROW.curveBudget.perSecond * (seconds + 1);
  say(
    `   the gate asked for a cookie, which forged addresses cannot show, ${number(grown('ANSWER_COOKIE'))} times`,
  );
  promise(
    sent / seconds >= FLOOD_MIN,
    `at least ${number(FLOOD_MIN)} forged packets/s: ${number(sent / seconds)}`,
  );
  promise(
    checked <= most && grown('DROP_SIGNATURE') > 0,
    `no more checks of signatures than the budget allows: ${number(checked / seconds)} a second`,
  );
  promise(after.inStack === before.inStack && !after.seen.flood, 'no packet of the flood got past the gate');
  for (const [name, { sent: asked, answered }] of Object.entries({ signed, session })) {
    promise(answered >= ANSWERED_MIN * asked, `the honest client, ${name}: ${answered} of ${asked} answered`);
  }
}

async function play() {
  say(
    'CryptBPF demo: a UDP echo service, a client with a key, and an attacker, each in a network of its own.',
  );
  const machines = await buildMachines();
  const { server, client, publicPem } = machines;

  step(`Without the gate, the service on UDP port ${PORT} answers anybody.`);
  await expectAll(machines, 'unsigned', 'unsigned', true);
  const open = await rate(machines, 'unsigned');

  step('The gate goes up. The service stays as it is, and hears only what the trusted key has signed.');
  await server.ask('raiseGate', { publicPem, budgets: WIDE });
  await expectAll(machines, 'unsigned', 'unsigned', false);
  await expectAll(machines, 'tampered', 'signed, then changed', false);
  await expectAll(machines, 'signed', 'signed', true);
  await expectAll(machines, 'replayed', 'the same packets again', false);

  step('One more signature opens a session: each packet then carries a MAC instead of a signature.');
  const { lifetime, milliseconds } = await client.ask('beginSession');
  say(`   a session for ${number(lifetime)} seconds, after ${number(milliseconds)} ms`);
  await expectAll(machines, 'session', 'by session', true);
  await compareRates(machines, open);

  step(
    `The attacker sends ${number(FLOOD_PER_SECOND)} packets a second with valid headers and bad signatures.`,
  );
  say(`   The gate may check ${number(NARROW.curveBudget.perSecond)} signatures a second.`);
  await underFlood(machines);

  step('The key is revoked.');
  await server.ask('revoke');
  await expectAll(machines, 'signed', 'signed by the revoked key', false);
  await expectAll(machines, 'session', "by the revoked key's session", false);
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
