import { parseArgs } from 'node:util';
import { connect, Machine } from './machine.mjs';
import { allKept, promise } from './promises.mjs';
import { live, number, percent, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * A file over UDP, through somebody who changes packets, in about 30 seconds. Exits with 1 when a changed packet reaches
 * the application, or the file does not arrive. Everything happens in networks that exist only as long as this process does.
 */

const DEADLINE_MS = 150_000;
const MIB = 2 ** 20;
const FILE_MIB = 256;
/** So many chunks are sent before the verifier is there. */
const TRIED = 4096;
const ROUNDS = 40;

async function buildMachines() {
  const [sender, middle, receiver] = await Promise.all(
    ['sender', 'middle', 'receiver'].map((name) => Machine.start(`cas/${name}`)),
  );
  connect(sender, 'to-middle', middle, 'to-sender');
  connect(middle, 'to-receiver', receiver, 'to-middle');
  await Promise.all([sender, middle, receiver].map((machine) => machine.ask('start')));
  return { sender, middle, receiver };
}

/** Sends chunks until they are through the middle. */
async function send({ sender, middle }, ranges) {
  await sender.ask('send', ranges);
  await middle.ask('flush');
}

async function transfer(machines, total) {
  const { receiver } = machines;
  let rounds = 0;
  const timer = setInterval(async () => {
    const { missing } = await receiver.ask('counts');
    live(`${percent(1 - (missing ?? total) / total)} of ${number(total)} chunks are there`);
  }, 500);
  try {
    for (let ranges = [{ first: 0, end: total }]; ranges.length > 0 && rounds < ROUNDS; rounds++) {
      await send(machines, ranges);
      ranges = await receiver.ask('missing');
    }
  } finally {
    clearInterval(timer);
  }
  return rounds;
}

async function play() {
  say(
    'CryptBPF demo: a sender, a receiver, and between them somebody who loses, reorders and changes packets.',
  );
  const machines = await buildMachines();
  const { sender, middle, receiver } = machines;

  step(`The sender reads a file of ${FILE_MIB} MiB and finds its content id.`);
  const { cid, chunks, digest, seconds } = await sender.ask('makeFile', FILE_MIB * MIB);
  say(`   ${cid}, ${number(chunks)} chunks, in ${seconds.toFixed(1)} s`);

  step('Without the verifier, the application gets what was changed.');
  await receiver.ask('expect', { cid, isChecked: true });
  await send(machines, [{ first: 0, end: TRIED }]);
  const open = await receiver.ask('counts');
  promise(
    open.wrong > 0,
    `of ${number(open.seen)} packets that reached it, ${number(open.wrong)} were not what their id says`,
  );

  step(
    'The verifier goes up at the receiver: the kernel hashes every packet. The file is sent, and what is missing again.',
  );
  await receiver.ask('protect', cid);
  const before = await middle.ask('counts');
  const started = performance.now();
  const rounds = await transfer(machines, chunks);
  const took = (performance.now() - started) / 1000;
  const after = await middle.ask('counts');
  const { seen, missing, passed, dropped } = await receiver.ask('counts');
  const grown = (name) => after[name] - before[name];
  say(
    `   ${took.toFixed(1)} s, ${rounds} rounds; on the way ${number(grown('lost'))} packets were lost and ${number(grown('changed'))} changed, all out of order`,
  );
  promise(
    grown('changed') > 0 && dropped === grown('changed'),
    `each changed packet was dropped in the kernel: ${number(dropped)}`,
  );
  promise(seen <= passed, `${number(passed)} packets passed, and no other reached the application`);
  promise(missing === 0, 'no chunk is missing');
  promise(
    (await receiver.ask('digest')) === digest,
    `the file arrived as it was sent: SHA-256 ${digest.slice(0, 16)}…`,
  );
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
