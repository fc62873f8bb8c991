import { openObject } from '@cryptbpf/core';
import { valueCodec, valueFor } from './core/value.mjs';
import { CProgram } from './lib/c-program.mjs';
import { rateRow, timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';

/* The loader, beside C on libbpf: both sides in turns, on maps of the same object. */

const RECORD_BYTES = 72;
const KEYS = 10_000;
const LOOKUPS = 500;
const BATCHES = 20;

export async function benchCore({ progress, budgetMs = 5000 }) {
  const consumer = new CProgram(new URL('core/consumer.c', import.meta.url), 'bpf');
  try {
    progress('core/ring-reader-64B');
    const ring = await benchRing(consumer, budgetMs);
    progress('core/map-lookup');
    return [ring, await benchLookup(consumer, budgetMs)];
  } finally {
    consumer.close();
  }
}

function load() {
  const url = new URL('../build/bpf/core_bench.bpf.o', import.meta.url);
  return openObject(url, { codecs: { values: { value: valueCodec } } }).load();
}

/** Only the reading is timed. Each side has a ring of its own, and adds up a word of each record. */
async function benchRing(consumer, budgetMs) {
  const [ours, theirs] = [load(), load()];
  const { id } = theirs.maps.records.info();
  const sides = [
    () => batches(() => perRecord(fill(ours), drain(ours.maps.records))),
    () => batches(async () => perRecord(fill(theirs), await drainInC(consumer, id))),
  ];
  const [reader, baseline] = await takeTurns(sides, { minRounds: 10, budgetMs });
  for (const object of [ours, theirs]) object.close();
  const goal = { value: 20_000_000 };
  const note = 'records read in place, one word of each; a ring of 4 MiB, full';
  return rateRow('core/ring-reader-64B', 'records/s', reader, 'C, ring_buffer__consume', baseline, {
    note,
    goal,
  });
}

/** Returns how many records went in. */
function fill({ maps, programs }) {
  const context = new Uint8Array(8);
  const room = Math.floor(maps.records.maxEntries / RECORD_BYTES);
  new DataView(context.buffer).setUint32(0, room, true);
  return programs.bench_fill.testRun({ context }).returnValue;
}

function drain(ring) {
  let sum = 0;
  const start = performance.now();
  const count = ring.drain((view, offset) => {
    sum += view.getUint32(offset, true);
  });
  return [count, (performance.now() - start) * 1e6, sum];
}

function drainInC(consumer, id) {
  return consumer.ask(`ring ${id}`);
}

/** Record number i begins with i. */
function perRecord(filled, [count, ns, sum]) {
  if (count !== filled) throw new Error(`${count} records were read of ${filled}`);
  if (sum !== (count * (count - 1)) / 2)
    throw new Error('the records that were read are not those that were written');
  return ns / count;
}

async function benchLookup(consumer, budgetMs) {
  const object = load();
  const { values } = object.maps;
  values.setBatch(Array.from({ length: KEYS }, (_, key) => [key, valueFor(key)]));
  const { id } = values.info();
  const sides = [
    () => batches(() => lookUp(values)),
    () => batches(async () => lookUpInC(await consumer.ask(`lookups ${id} ${KEYS} ${LOOKUPS}`))),
  ];
  const [ours, baseline] = await takeTurns(sides, { minRounds: 40, budgetMs });
  object.close();
  const options = { goal: { ratio: 0.9 }, note: 'hash map of 10,000 values of 64 bytes, random keys' };
  return timeRow('core/map-lookup', 'ns', ours, 'C, bpf_map_lookup_elem', baseline, options);
}

function lookUp(map) {
  let found = 0;
  let state = 1;
  const start = performance.now();
  for (let i = 0; i < LOOKUPS; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const key = state % KEYS;
    if (map.get(key).generation === key) found++;
  }
  const ns = ((performance.now() - start) * 1e6) / LOOKUPS;
  if (found !== LOOKUPS) throw new Error(`${found} of ${LOOKUPS} values were right`);
  return ns;
}

function lookUpInC([found, ns]) {
  if (found !== LOOKUPS) throw new Error(`${found} of ${LOOKUPS} values were right in C`);
  return ns / LOOKUPS;
}

async function batches(one) {
  const times = [];
  for (let i = 0; i < BATCHES; i++) times.push(await one());
  return times;
}
