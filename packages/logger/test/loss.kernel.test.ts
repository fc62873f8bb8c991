import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { onlineCpus } from '../src/kernel.js';
import { AuditLogger } from '../src/logger.js';
import { Directory } from './support/directory.js';
import { Producer } from './support/producer.js';
import { RECIPIENT, readLog } from './support/read.js';

const COUNT = 600;

test('what the ring had no room for is told by the next record, exactly', async () => {
  using directory = new Directory();
  const options = {
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    ringBytes: 1 << 16,
    events: [],
  };
  const logger = await AuditLogger.attach({ ...options, drainMilliseconds: 10_000, heartbeatSeconds: 3600 });
  using producer = new Producer(logger);
  for (const cpu of onlineCpus()) {
    producer.produce(COUNT, cpu);
    logger.flush();
    producer.produce(10, cpu);
  }
  logger.nextEpoch();
  const { lost } = logger.stats();
  await logger.detach();

  const { records, findings, totals } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  expect(producer.produced).toBe(onlineCpus().length * (COUNT + 10));
  expect(totals.events + totals.lost.ring).toBe(producer.produced);
  expect(totals.lost).toEqual(lost);
  expect(totals.lost.ring).toBeGreaterThan(onlineCpus().length * 100);
  const told = records.filter(({ lost }) => lost);
  expect(told.map(({ cpu }) => cpu)).toEqual(onlineCpus());
  expect(told.reduce((sum, { lost }) => sum + lost!.ring, 0)).toBe(totals.lost.ring);
});
