import { randomBytes } from 'node:crypto';
import { solve } from '@cryptbpf/pow/client';

/* What a challenge costs the client, on one thread, beside what its solution costs the gate. */

/** Difficulties, and how many challenges of each are solved. */
const DIFFICULTIES = [
  [8, 400],
  [12, 100],
  [16, 20],
  [20, 4],
];

/** checkNs: of the gate, for one solution. */
export async function benchCost(checkNs) {
  const rows = [];
  for (const [difficulty, count] of DIFFICULTIES) rows.push(await costRow(difficulty, count, checkNs));
  return rows;
}

async function costRow(difficulty, count, checkNs) {
  let [hashes, durationMs] = [0, 0];
  for (let i = 0; i < count; i++) {
    const solution = await solve(challengeOf(difficulty), { workers: 0 });
    hashes += solution.hashes;
    durationMs += solution.durationMs;
  }
  const value = round(((1000 * durationMs) / hashes) * 2 ** difficulty);
  const check = round(checkNs / 1000);
  return {
    name: `pow/solve-${difficulty}`,
    unit: 'us',
    value,
    median: value,
    baseline: { name: 'the check in the gate', value: check, median: check },
    ratio: round(value / check),
    note: `${2 ** difficulty} hashes, the mean, in Node on one thread; ratio: what the client pays for one that the gate pays`,
  };
}

const round = (value) => Number(value.toPrecision(4));

function challengeOf(difficulty) {
  const challenge = Uint8Array.from(randomBytes(32));
  challenge[0] = 1; // version
  challenge[1] = difficulty;
  challenge[3] = 0;
  return challenge;
}
