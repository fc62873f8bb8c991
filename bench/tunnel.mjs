import { execFileSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AeadBench } from '../packages/primitives/dist/aead-bench.js';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { Lab, TUNNELS } from './tunnel/lab.mjs';
import { BenchPrograms } from './tunnel/programs.mjs';

/* The whole way of a packet through the programs, and TCP through whole tunnels beside wireguard-go. */

/** What the cipher of a suite is called: by Node, and by AeadBench. */
const SUITES = {
  wireguard: { cipher: 'chacha20-poly1305', alone: 'chacha' },
  'aes-256-gcm': { cipher: 'aes-256-gcm', alone: 'aes-gcm' },
};
const SIZES = [64, 512, 1400];
const DIRECTIONS = ['seal', 'open'];
/** Nanoseconds that a packet may take, by those of the cipher alone. */
const goalOf = (cipherNs) => Math.round(1.25 * cipherNs + 500);
/** Of the cipher alone, where it was first measured. */
const FIRST = {
  wireguard: { 64: 536, 512: 2093, 1400: 5178 },
  'aes-256-gcm': { 64: 985, 512: 5510, 1400: 14_503 },
};
const BATCHES = 64;
const BATCH = 50;
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

async function packets(suite, context) {
  const programs = await BenchPrograms.create(suite);
  const rows = [];
  try {
    for (const bytes of SIZES) rows.push(...(await packetsOf(bytes, programs, suite, context)));
  } finally {
    programs.close();
  }
  return rows;
}

async function packetsOf(bytes, programs, suite, { progress, budgetMs }) {
  const ciphers = AeadBench.prepare({ textBytes: bytes });
  const rows = [];
  try {
    for (const direction of DIRECTIONS) {
      const row = { name: `tunnel/${direction}-${suite}-${bytes}`, suite, direction, bytes };
      progress(row.name);
      rows.push(await packetsOneWay(row, programs, ciphers, budgetMs));
    }
  } finally {
    ciphers[Symbol.dispose]();
  }
  return rows;
}

async function packetsOneWay({ name, suite, direction, bytes }, programs, ciphers, budgetMs) {
  const { cipher, alone } = SUITES[suite];
  const sides = [
    () => programs[direction](bytes),
    () => Array.from({ length: BATCHES }, () => ciphers.run(`${alone}/${direction}-${bytes}`, BATCH)),
    () => node(cipher, direction, bytes),
  ];
  const [ours, cipherAlone, theirs] = await takeTurns(sides, { budgetMs });
  const goal = { value: goalOf(cipherAlone.best), first: goalOf(FIRST[suite][bytes]) };
  const note =
    'all of the program: look-ups, cipher, headers, checksum, counters; one packet a test run. ' +
    `The cipher alone took ${Math.round(cipherAlone.best)} ns, of many runs in a row`;
  return timeRow(name, 'ns per packet', ours, `node:crypto, ${cipher} alone`, theirs, { note, goal });
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
  return Array.from({ length: BATCHES }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) work();
    return Number(process.hrtime.bigint() - start) / BATCH;
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
