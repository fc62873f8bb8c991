import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { frameOfLine } from '../src/forward.js';
import { AuditLogger, type LogAlarm } from '../src/logger.js';
import { openLog } from '../src/reader.js';
import { Directory } from './support/directory.js';
import { Producer } from './support/producer.js';
import { RECIPIENT, readLog } from './support/read.js';

const options = (directory: string) => ({
  recipient: RECIPIENT.publicPem,
  directory,
  events: [],
  ringBytes: 1 << 16,
  heartbeatSeconds: 3600,
});

async function nextAlarm(logger: AuditLogger): Promise<LogAlarm> {
  for await (const alarm of logger.alarms()) return alarm;
  throw new Error('no alarm');
}

test('a disk that is full is told; when there is room again, only what did not fit is missing, and counted', async () => {
  using directory = new Directory();
  const mount = (...args: string[]) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', ...args, 'tmpfs', directory.path]);
  mount('size=512k');
  try {
    const logger = await AuditLogger.attach(options(directory.path));
    using producer = new Producer(logger);
    for (let i = 0; i < 200; i++) {
      producer.produce(50);
      await sleep(1);
    }
    expect(await nextAlarm(logger)).toMatchObject({ type: 'error', error: { code: 'ERR_LOG_FILE' } });
    mount('remount,size=64m');
    logger.flush();
    producer.produce(50);
    await logger.detach();
    const { findings, totals } = await readLog(logFiles(directory.path, 'audit'));
    expect(findings).toEqual([]);
    expect(totals.events + totals.lost.ring).toBe(producer.produced);
    expect(totals.lost.ring).toBeGreaterThan(0);
  } finally {
    execFileSync('umount', [directory.path]);
  }
});

test('with onLost alarm, lost events are told and noted in the log', async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach({
    ...options(directory.path),
    onLost: 'alarm',
    drainMilliseconds: 10_000,
  });
  using producer = new Producer(logger);
  producer.produce(2000);
  const alarm = await nextAlarm(logger);
  const lost = logger.stats().lost;
  expect(alarm).toEqual({ type: 'lost', lost });
  expect(logger.stats().alarms).toBe(1);
  await logger.detach();
  const { records, findings } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  expect(records.map(({ content }) => content)).toContainEqual({ type: 'note', statement: { lost } });
});

test('a witness finds out that the end was cut off, down to one record', async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach(options(directory.path));
  using producer = new Producer(logger);
  producer.produce(20);
  const checkpoint = JSON.parse(JSON.stringify(logger.checkpoint()));
  const [path] = logFiles(directory.path, 'audit');
  const witnessed = readFileSync(path!).length;
  await logger.detach();

  const read = async () => {
    const log = openLog({ key: RECIPIENT.privatePem, files: [path!], checkpoints: [checkpoint] });
    const found = [];
    for await (const entry of log) if (entry.kind === 'finding') found.push(entry.problem);
    return found;
  };
  expect(await read()).toEqual([]);
  truncateSync(path!, witnessed);
  expect(await read()).toEqual([]);
  truncateSync(path!, witnessed - 1);
  expect(await read()).toEqual(['truncated', 'checkpoint']);
});

test('what is forwarded to a socket is the same log, elsewhere', async () => {
  using directory = new Directory();
  using elsewhere = new Directory();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = await once(server, 'connection');
  const received = createInterface({ input: peer })[Symbol.asyncIterator]();
  const logger = await AuditLogger.attach({ ...options(directory.path), forward: socket });
  using producer = new Producer(logger);
  producer.produce(200);
  logger.nextEpoch();
  await logger.detach();
  socket.end();
  server.close();
  const lines: string[] = [];
  for await (const line of received) lines.push(line);
  const copy = `${elsewhere.path}/copy.cblog`;
  writeFileSync(copy, Buffer.concat(lines.map(frameOfLine)));
  const here = logFiles(directory.path, 'audit');
  expect(readFileSync(copy)).toEqual(readFileSync(here[0]!));
  expect(await readLog([copy])).toMatchObject({ findings: [], totals: { events: 200, closed: true } });
});
