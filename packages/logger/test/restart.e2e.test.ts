import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { onlineCpus } from '../src/kernel.js';
import { AuditLogger } from '../src/logger.js';
import { Directory } from './support/directory.js';
import { Producer } from './support/producer.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

/** CRYPTBPF_FUZZ sets it. */
const KILLS = Number(process.env.CRYPTBPF_FUZZ ?? 4);

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

/** A pin directory of its own, which is gone afterwards. */
class Pin implements Disposable {
  readonly path = `/sys/fs/bpf/cryptbpf-logger-${process.pid}-restart`;

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A process that logs, and is killed. */
async function killedLogger(script: string, settings: object, wait: number): Promise<void> {
  const child = fork(new URL(`support/${script}`, import.meta.url).pathname, [JSON.stringify(settings)]);
  await once(child, 'message');
  await sleep(wait);
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a pinned log goes on without its controller, and nothing is missing after that', async () => {
  using directory = new Directory();
  using pin = new Pin();
  const settings = { ...optionsFor(directory.path), pin: pin.path };
  spawnSync('/bin/true', ['nobody looks yet']);
  await killedLogger('pinned.mjs', settings, 0);
  spawnSync('/bin/true', ['nobody reads']);
  const other = { ...settings, recordsPerKey: 4 };
  await expect(AuditLogger.attach(other)).rejects.toMatchObject({ code: 'ERR_LOG_BUSY' });

  const logger = await AuditLogger.attach(settings);
  spawnSync('/bin/true', ['somebody reads']);
  expect(existsSync(pin.path)).toBe(true);
  await logger.detach();
  expect(existsSync(pin.path)).toBe(false);
  spawnSync('/bin/true', ['nobody looks any more']);
  const { findings, records, totals } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  expect(totals).toMatchObject({ lastEpoch: 2, closed: true });
  const seen = contentsOf(records, 'exec').map(({ argv }) => argv[1]);
  expect(seen).toEqual(expect.arrayContaining(['nobody reads', 'somebody reads']));
  expect(seen).not.toContain('nobody looks any more');
});

test('a logger that is killed while it writes leaves each record once, or to the next', async () => {
  using directory = new Directory();
  using pin = new Pin();
  const settings = {
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    pin: pin.path,
    events: [],
    epochSeconds: 1,
  };
  for (let run = 0; run < KILLS; run++) await killedLogger('pinned.mjs', settings, Math.random() * 100);
  const logger = await AuditLogger.attach(settings);
  using producer = new Producer(logger);
  producer.produce(10);
  const { sealed, lost } = logger.stats();
  await logger.detach();
  const { records, findings, totals } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  const ends = 4 * onlineCpus().length;
  expect(records.filter(({ cpu }) => cpu < 0xffff).length).toBe(sealed.records + ends);
  expect(totals.lost).toEqual(lost);
  expect(totals.events).toBeGreaterThan(KILLS * 100);
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
