import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { onlineCpus } from '../src/kernel.js';
import { AuditLogger } from '../src/logger.js';
import { openLog, type Totals } from '../src/reader.js';
import { Directory } from './support/directory.js';
import { Producer } from './support/producer.js';
import { RECIPIENT } from './support/read.js';
import { ProducerThread } from './support/thread.js';

/** CRYPTBPF_SECONDS=60 is what is promised. */
const SECONDS = Number(process.env.CRYPTBPF_SECONDS ?? 4);
const RING_BYTES = 1 << 18;
const DRAIN_MS = 50;
/** Of a record of 128 bytes in the ring. */
const RECORD_BYTES = 24 + 128 + 16 + 8;
const CAPACITY = (RING_BYTES / RECORD_BYTES) * (1000 / DRAIN_MS);

const attach = (directory: string) =>
  AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory,
    events: [],
    ringBytes: RING_BYTES,
    drainMilliseconds: DRAIN_MS,
    heartbeatSeconds: 1,
    epochSeconds: 1,
    maxFileBytes: 1 << 20,
  });

/** Nothing is wrong, and what was made is in the log or proven lost. Returns records by level. */
async function account(directory: string, produced: number): Promise<{ totals: Totals; levels: number[] }> {
  const log = openLog({ key: RECIPIENT.privatePem, files: logFiles(directory, 'audit') });
  const levels = [0, 0, 0, 0];
  for await (const batch of log.batches()) {
    expect(batch.filter(({ kind }) => kind === 'finding')).toEqual([]);
    for (const entry of batch)
      if (entry.kind === 'record' && entry.content.type === 'other') levels[entry.level]!++;
  }
  const { totals } = log;
  expect(totals.closed).toBe(true);
  const { ring, nested, key, tree } = totals.lost;
  expect(totals.events + ring + nested + key).toBe(produced);
  expect(tree).toBe(0);
  return { totals, levels };
}

test(`${SECONDS} seconds at twice what the reader can take: each event is in the log, or proven lost`, async () => {
  using directory = new Directory();
  const logger = await attach(directory.path);
  using thread = new ProducerThread(logger, 2 * CAPACITY);
  await thread.during(sleep(SECONDS * 1000));
  const produced = await thread.stop();
  await logger.detach();
  const { totals } = await account(directory.path, produced);
  expect(totals.lost.ring).toBeGreaterThan(0);
  expect(totals.events).toBeGreaterThan(0);
  console.log(`produced ${produced}, in the log ${totals.events}, proven lost ${totals.lost.ring}`);
}, 600_000);

test('programs that interrupt one another on a CPU share no key, sequence or buffer', async () => {
  using directory = new Directory();
  const logger = await attach(directory.path);
  using thread = new ProducerThread(logger, 20 * CAPACITY);
  using producer = new Producer(logger);
  const interrupted = () =>
    [...logger.maps.log_stats.entries()].some(([index, { records }]) => index % 4 > 0 && records > 200n);
  for (const end = Date.now() + 60_000; !interrupted() && Date.now() < end; ) {
    for (const cpu of onlineCpus()) producer.produce(20, cpu); // by an interrupt on that CPU
    await thread.during(sleep(1));
  }
  const produced = (await thread.stop()) + producer.produced;
  await logger.detach();
  const { levels } = await account(directory.path, produced);
  expect(levels[1]).toBeGreaterThan(0);
}, 600_000);
