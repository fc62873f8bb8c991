import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { Lab, TUNNELS } from './tunnel/lab.mjs';
import { BenchPrograms } from './tunnel/programs.mjs';

/* The whole way of a packet through the programs, and TCP through whole tunnels beside wireguard-go. */

const SUITES = { wireguard: 'chacha20-poly1305', 'aes-256-gcm': 'aes-256-gcm' };
const SIZES = [64, 512, 1400];
/** Nanoseconds at most: 1.25 times what the cipher alone took when it was first measured, and 500. */
const GOALS = { wireguard: [1170, 3116, 6973], 'aes-256-gcm': [1731, 7388, 18_629] };
const NODE_BATCHES = 64;
const NODE_BATCH = 50;
const IPERF_GOAL = { wireguard: { ratio: 1.5 } };

export async function benchTunnel({ progress, budgetMs = 6000 }) {
  pinToCore();
  try {
    const rows = [];
    for (const suite of Object.keys(SUITES)) rows.push(...(await packets(suite, { progress, budgetMs })));
    progress('tunnel/iperf');
    rows.push(...(await transfers(budgetMs)));
    return rows;
  } finally {
    unpin();
  }
}

async function packets(suite, { progress, budgetMs }) {
  const programs = await BenchPrograms.create(suite);
  try {
    const rows = [];
    for (const direction of ['seal', 'open']) {
      for (const [i, bytes] of SIZES.entries()) {
        const name = `tunnel/${direction}-${suite}-${bytes}`;
        progress(name);
        const sides = [() => programs[direction](bytes), () => node(SUITES[suite], direction, bytes)];
        const [ours, theirs] = await takeTurns(sides, { budgetMs });
        const goal = { value: GOALS[suite][i] };
        const note =
          'all of the program: look-ups, cipher, headers, checksum, counters; one packet a test run';
        rows.push(
          timeRow(name, 'ns per packet', ours, `node:crypto, ${SUITES[suite]} alone`, theirs, { note, goal }),
        );
      }
    }
    return rows;
  } finally {
    programs.close();
  }
}

/** Nanoseconds per packet, for each batch. */
function node(cipher, direction, bytes) {
  const [key, nonce, text] = [randomBytes(32), randomBytes(12), randomBytes(bytes)];
  const seal = () => {
    const state = createCipheriv(cipher, key, nonce, { authTagLength: 16 });
    const sealed = state.update(text);
    state.final();
    return { sealed, tag: state.getAuthTag() };
  };
  const { sealed, tag } = seal();
  const open = () => {
    const state = createDecipheriv(cipher, key, nonce, { authTagLength: 16 }).setAuthTag(tag);
    state.update(sealed);
    state.final();
  };
  const work = direction === 'seal' ? seal : open;
  return Array.from({ length: NODE_BATCHES }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < NODE_BATCH; i++) work();
    return Number(process.hrtime.bigint() - start) / NODE_BATCH;
  });
}

/** Everything on one core: sender, receiver, and what seals and opens between them. */
async function transfers(budgetMs) {
  const lab = await Lab.create();
  try {
    const ways = { none: '10.95.0.2' };
    for (const [name, { subnet }] of Object.entries(TUNNELS)) ways[name] = `10.${subnet}.0.2`;
    const sides = Object.values(ways).map((address) => () => [lab.transfer(address)]);
    const samples = await takeTurns(sides, { minRounds: 3, budgetMs: 4 * budgetMs });
    const times = Object.fromEntries(Object.keys(ways).map((name, i) => [name, samples[i]]));
    const baseline = `${version()}, both ends`;
    const note = 'one TCP connection, all of it on one core';
    const ours = ['none', ...Object.keys(SUITES), ...Object.keys(SUITES).map((suite) => `inline-${suite}`)];
    return ours.map((name) =>
      megabits(`tunnel/iperf-${name}`, times[name], baseline, times['wireguard-go'], note, IPERF_GOAL[name]),
    );
  } finally {
    lab.close();
  }
}

/** A row from seconds per megabit. */
function megabits(name, ours, baselineName, theirs, note, goal) {
  const rate = (seconds) => Math.round(1 / seconds);
  const row = timeRow(name, 'Mbit/s', ours, baselineName, theirs, { note, ...(goal && { goal }) });
  const baseline = { name: baselineName, value: rate(theirs.best), median: rate(theirs.median) };
  return { ...row, value: rate(ours.best), median: rate(ours.median), baseline };
}

/** Of the package, where it says so: the program itself prints what it was built from. */
function version() {
  return execFileSync('wireguard-go', ['--version'], { encoding: 'utf8' }).split('\n')[0].trim();
}
