import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { generateKey, messagesOf, reasonName } from '@cryptbpf/zkp/client';
import { connect, Machine } from './machine.mjs';
import { allKept, promise } from './promises.mjs';
import { number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';
import { GREETING, PORT } from './zkp/service.mjs';

/*
 * A service that greets as SSH does, and that is silent to everybody but members of a group; which member it is, the
 * gate does not learn. Exits with 1 when the gate does not do what it promises. Everything happens in networks that
 * exist only as long as this process does.
 */

const DEADLINE_MS = 58_000;
const MEMBERS = 16;
const CONTROL_PORT = 22307;

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const keyPair = () => {
  const { secretKey, publicKey } = generateKey();
  return { secretKey: hex(secretKey), publicKey: hex(publicKey) };
};
const keysOf = (pairs) => pairs.map(({ publicKey }) => publicKey);

async function buildMachines() {
  const [server, member, stranger] = await Promise.all(
    ['server', 'peer', 'peer'].map((name) => Machine.start(`zkp/${name}`)),
  );
  connect(server, 'to-client', member, 'to-server');
  connect(server, 'to-flooder', stranger, 'to-server');
  await server.ask('start');
  await member.ask('start', { cable: 'client' });
  await stranger.ask('start', { cable: 'flooder' });
  return { server, member, stranger };
}

async function greets(machine, who, isExpected) {
  const said = await machine.ask('greet');
  promise(said === (isExpected ? GREETING : 'silence'), `${who} connects to port ${PORT}: ${said}`);
}

async function proves(machine, who, { group, secretKey }, expected) {
  const result = await machine.ask('prove', { group, secretKey });
  const said = result.refused ?? 'admitted';
  const time = result.provingMs ? `, proof made in ${number(result.provingMs)} ms` : '';
  promise(said === expected, `${who} proves: ${said}${time}`);
  return result;
}

/** Everything that a listener on the wire needs to send the proof once more. */
function datagramOf({ challenge, proof }) {
  const messages = messagesOf('ring');
  const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
  return hex(messages.encodeProof(randomBytes(8), bytes(challenge), bytes(proof)));
}

async function replays(machine, who, recorded, expected) {
  const status = await machine.ask('replay', {
    message: { datagram: datagramOf(recorded), port: CONTROL_PORT },
  });
  const said = status === undefined ? 'silence' : reasonName(status);
  promise(said === expected, `${who} sends that proof again: ${said}`);
}

async function play() {
  const pairs = Array.from({ length: MEMBERS }, keyPair);
  const [alice, bob] = [pairs[3], pairs[11]];
  const machines = await buildMachines();
  const { server, member, stranger } = machines;

  step(`Without the gate, the service on TCP port ${PORT} greets anybody.`);
  await greets(member, 'a member', true);
  await greets(stranger, 'a stranger', true);

  step(`The gate goes up, for a group of ${MEMBERS}. It has their public keys; the port is silent now.`);
  const group = await server.ask('raiseGate', { members: keysOf(pairs) });
  await greets(member, 'a member', false);
  await greets(stranger, 'a stranger', false);

  step('A member proves that he is one of them. The gate learns no more, and opens the port to his address.');
  const { recorded, lifetime } = await proves(member, 'a member', { group, ...alice }, 'admitted');
  say(`   admitted for ${number(lifetime)} seconds`);
  await greets(member, 'the member', true);
  await greets(stranger, 'a stranger', false);

  step('Proofs of others, and proofs that were seen on the wire, open nothing.');
  const mallory = keyPair();
  const claimed = { ...group, members: [...group.members.slice(1), mallory.publicKey] };
  await proves(stranger, 'a stranger, as if he were one,', { group: claimed, ...mallory }, 'DROP_PROOF');
  await replays(stranger, 'a stranger', recorded[0], 'DROP_TAG');
  await replays(member, 'the member', recorded[0], 'DROP_SPENT');
  await greets(stranger, 'a stranger', false);

  step('The group goes on without that member: a new epoch.');
  const next = await server.ask('rotate', { members: keysOf(pairs.filter((pair) => pair !== alice)) });
  await greets(member, 'the former member', false);
  await proves(member, 'the former member', { group, ...alice }, 'DROP_GROUP_EPOCH');
  await proves(stranger, 'another member, from another machine,', { group: next, ...bob }, 'admitted');
  await greets(stranger, 'the other member', true);

  const { reasons } = await server.ask('counts');
  say(
    `\n${reasons.ANSWER_ADMITTED} proofs held, ${reasons.DROP_NOT_ADMITTED} packets to the port were dropped in silence.`,
  );
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
