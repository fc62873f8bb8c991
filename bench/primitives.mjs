import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { AEADS } from './primitives/aead.mjs';
import { HASHES } from './primitives/hashes.mjs';
import { OpenSsl } from './primitives/openssl.mjs';
import { P256 } from './primitives/p256-rows.mjs';
import { WIDE_CURVES } from './primitives/wide-curves.mjs';

/*
 * The cryptography of bpf/lib beside OpenSSL's on the same core: nanoseconds for each operation.
 *
 * A measure is a function that resolves to {sides, close}. Its sides run in turns, each a row:
 *   name        of the row
 *   time        (count) => nanoseconds for each of so many, or a promise of it; throws when a result was wrong
 *   baseline    what openssl.c calls the same
 *   goal        of the row, or a function of the times of the measure's sides, by name
 *   note
 */
const MEASURES = [...HASHES, ...P256, ...WIDE_CURVES, ...AEADS];

/** Short batches: the least disturbed of them counts. */
const BATCH_NS = 500_000;
const BATCHES = 20;

export async function benchPrimitives({ progress, budgetMs = 5000 }) {
  const openssl = new OpenSsl(pinToCore());
  const rows = [];
  try {
    for (const prepare of MEASURES)
      rows.push(...(await measureOne(prepare, { openssl, progress, budgetMs })));
  } finally {
    openssl.close();
    unpin();
  }
  return rows;
}

async function measureOne(prepare, context) {
  const { sides, close } = await prepare();
  try {
    return await measure(sides, context);
  } finally {
    close();
  }
}

async function measure(sides, { openssl, progress, budgetMs }) {
  const baselines = [...new Set(sides.map(({ baseline }) => baseline))];
  progress(sides.map(({ name }) => name).join(', '));
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
