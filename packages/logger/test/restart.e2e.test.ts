import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { onlineCpus } from '../src/kernel.js';
import { AuditLogger } from '../src/logger.js';
import { Directory } from './support/directory.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

const optionsFor = (directory: string) => ({
  recipient: RECIPIENT.publicPem,
  directory,
  filters: { tree: [process.pid] },
});

test('a log goes on where it ended, in one chain', async () => {
  using directory = new Directory();
  const ids: string[] = [];
  for (let run = 0; run < 2; run++) {
    await using logger = await AuditLogger.attach(optionsFor(directory.path));
    ids.push(logger.logId);
    spawnSync('/bin/true', [`run-${run}`]);
  }
  const { findings, records, totals } = await readLog(logFiles(directory.path, 'audit'), { logId: ids[0]! });
  expect(findings).toEqual([]);
  expect(ids[0]).toBe(ids[1]);
  expect(totals).toMatchObject({ firstEpoch: 1, lastEpoch: 2, closed: true });
  expect(contentsOf(records, 'exec').map(({ argv }) => argv[1])).toEqual(['run-0', 'run-1']);
});

test('a logger that is killed leaves what was written, and its missing end is told', async () => {
  using directory = new Directory();
  const program = new URL('support/watched.mjs', import.meta.url).pathname;
  const child = fork(program, [RECIPIENT.publicPem, directory.path]);
  await once(child, 'message');
  for (const command of ['exec', 'epoch', 'exec']) {
    child.send({ command });
    await once(child, 'message');
  }
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  const [path] = logFiles(directory.path, 'audit');
  truncateSync(path!, statSync(path!).size - 7);

  const logger = await AuditLogger.attach(optionsFor(directory.path));
  await logger.detach();
  const { findings, records, totals } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.every(({ problem }) => problem === 'unclosed')).toBe(true);
  expect(contentsOf(records, 'exec').length).toBeGreaterThan(0);
  expect(totals).toMatchObject({ lastEpoch: 3, closed: true });
  const [, , third] = contentsOf(records, 'open');
  expect(third?.statement).toMatchObject({ repair: { file: path } });
});

test('two loggers do not share a log, and a damaged state is refused', async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach(optionsFor(directory.path));
  await expect(AuditLogger.attach(optionsFor(directory.path))).rejects.toMatchObject({
    code: 'ERR_LOG_BUSY',
  });
  await logger.detach();
  const state = join(directory.path, 'audit.state');
  writeFileSync(
    state,
    readFileSync(state).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  );
  await expect(AuditLogger.attach(optionsFor(directory.path))).rejects.toMatchObject({
    code: 'ERR_LOG_STATE',
  });
});

test('an epoch ends on every CPU and level, also when nothing happened there', async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    events: [],
  });
  logger.nextEpoch();
  await logger.detach();
  const { records, findings } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  const closed = records.filter(
    ({ epoch, cpu, content }) => epoch === 1 && cpu < 0xffff && content.type === 'close',
  );
  expect(closed.length).toBe(4 * onlineCpus().length);
});
