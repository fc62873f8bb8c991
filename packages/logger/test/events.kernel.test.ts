import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { AuditLogger } from '../src/logger.js';
import { Directory } from './support/directory.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

const own = { tree: [process.pid] };

test('execs and exits of a process tree are read by the recipient, and by nobody else', async () => {
  using directory = new Directory();
  const secret = `secret-${process.pid}`;
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    filters: own,
  });
  const { pid } = spawnSync('/bin/sh', ['-c', `/bin/true ${secret}; exit 7`]);
  await logger.detach();

  const files = logFiles(directory.path, 'audit');
  const { records, findings, totals } = await readLog(files, { logId: logger.logId });
  expect(findings).toEqual([]);
  expect(totals).toMatchObject({
    closed: true,
    logId: logger.logId,
    lost: { ring: 0, nested: 0, key: 0, tree: 0 },
  });
  const [shell, child] = contentsOf(records, 'exec');
  expect(shell).toMatchObject({
    path: '/bin/sh',
    argv: ['/bin/sh', '-c', `/bin/true ${secret}; exit 7`],
    argvCut: false,
    process: { pid, ppid: process.pid, uid: 0, gid: 0, euid: 0, egid: 0, comm: 'sh' },
  });
  expect(child).toMatchObject({ path: '/bin/true', argv: ['/bin/true', secret], process: { ppid: pid } });
  const exits = contentsOf(records, 'exit');
  expect(exits.find((exit) => exit.process.pid === pid)).toMatchObject({ code: 7, signal: 0 });
  expect(
    contentsOf(records, 'exec').every(({ process: { ppid } }) => [process.pid, pid].includes(ppid)),
  ).toBe(true);

  const sealed = Buffer.concat(files.map((file) => readFileSync(file)));
  for (const text of [secret, '/bin/true', '/bin/sh']) expect(sealed.includes(text)).toBe(false);
});
