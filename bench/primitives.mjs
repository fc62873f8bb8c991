import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { hashes } from './primitives/hashes.mjs';
import { OpenSsl } from './primitives/openssl.mjs';

/*
 * The cryptography of bpf/lib beside OpenSSL's on the same core: nanoseconds for each operation.
 *
 * A family is a function that resolves to {measures, close}. A measure is a list of sides that run in turns, each
 *   name        of its row
 *   time        (count) => nanoseconds for each of so many, or a promise of it; throws when a result was wrong
 *   baseline    what openssl.c calls the same
 *   goal        of the row, or a function of the times of the measure's sides, by name
 *   note
 */
const FAMILIES = [hashes];

/** Short batches: the least disturbed of them counts. */
const BATCH_NS = 2_000_000;
const BATCHES = 10;

export async function benchPrimitives({ progress, budgetMs = 6000 }) {
  const openssl = new OpenSsl(pinToCore());
  const rows = [];
  try {
    for (const family of FAMILIES) {
      const { measures, close } = await family({ progress });
      try {
        for (const sides of measures) rows.push(...(await measure(sides, { openssl, progress, budgetMs })));
      } finally {
        close();
      }
    }
  } finally {
    openssl.close();
    unpin();
  }
  return rows;
}

async function measure(sides, { openssl, progress, budgetMs }) {
  const baselines = [...new Set(sides.map(({ baseline }) => baseline))];
  progress(sides.map(({ name }) => `primitives: ${name}`).join(', '));
  const ours = sides.map(({ time }) => time);
  const theirs = baselines.map((operation) => (count) => openssl.time(operation, count));
  const turns = [];
  for (const time of [...ours, ...theirs]) turns.push(await inBatches(time));
  const samples = await takeTurns(turns, { budgetMs: budgetMs * sides.length });
  const times = Object.fromEntries(sides.map(({ name }, i) => [name, samples[i].best]));
  return sides.map(({ name, baseline, goal, note }, i) => {
    const other = samples[sides.length + baselines.indexOf(baseline)];
    const options = { note, goal: typeof goal === 'function' ? goal(times) : goal };
    return timeRow(name, 'ns', samples[i], `OpenSSL, ${baseline}`, other, options);
  });
}

/** One side of takeTurns, of batches of about the same length. */
async function inBatches(time) {
  const count = Math.max(1, Math.round(BATCH_NS / (await time(10))));
  return async () => {
    const times = [];
    for (let i = 0; i < BATCHES; i++) times.push(await time(count));
    return times;
  };
}
