import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { AuditLogger } from '../src/logger.js';
import type { LogFilters } from '../src/options.js';
import { Directory } from './support/directory.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

/** What a shell's children do, seen through filters; always within the tree of this test. */
async function execsWith(filters: LogFilters, script: string): Promise<string[]> {
  using directory = new Directory();
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    filters: { ...filters, tree: [process.pid] },
  });
  spawnSync('/bin/sh', ['-c', script]);
  await logger.detach();
  const { records, findings } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  return contentsOf(records, 'exec').map(({ path }) => path);
}

const SCRIPT = '/bin/true; /bin/ls /dev/null; /usr/bin/id';

test('all of a tree, without more filters', async () => {
  expect(await execsWith({}, SCRIPT)).toEqual(['/bin/sh', '/bin/true', '/bin/ls', '/usr/bin/id']);
});

test('by beginnings of paths', async () => {
  expect(await execsWith({ paths: ['/bin/t', '/usr/'] }, SCRIPT)).toEqual(['/bin/true', '/usr/bin/id']);
});

test('by name', async () => {
  expect(await execsWith({ comms: ['id'] }, SCRIPT)).toEqual(['/usr/bin/id']);
});

test('by user', async () => {
  const script = '/bin/true; setpriv --reuid 65534 --clear-groups /bin/ls /dev/null; /usr/bin/id';
  expect(await execsWith({ uids: [65534] }, script)).toEqual(['/bin/ls']);
});

test('by cgroup and those below', async () => {
  using root = new Directory();
  execFileSync('mount', ['-t', 'cgroup2', 'cgroup2', root.path]);
  const cgroup = `${root.path}/cryptbpf-logger-${process.pid}`;
  mkdirSync(`${cgroup}/below`, { recursive: true });
  try {
    const within = (path: string, program: string) =>
      `/bin/sh -c 'echo $$ > ${path}/cgroup.procs; ${program}; :'`;
    const script = `/bin/true; ${within(`${cgroup}/below`, '/bin/ls /dev/null')}; ${within(cgroup, '/usr/bin/id')}`;
    expect(await execsWith({ cgroups: [cgroup] }, script)).toEqual(['/bin/ls', '/usr/bin/id']);
    expect(await execsWith({ cgroups: [`${cgroup}/below`] }, script)).toEqual(['/bin/ls']);
  } finally {
    rmdirSync(`${cgroup}/below`);
    rmdirSync(cgroup);
    execFileSync('umount', [root.path]);
  }
});

test('a part of the processes, each with all of its events', async () => {
  const loop = 'i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done';
  const execs = await execsWith({ sample: 4 }, loop);
  expect(execs.length).toBeGreaterThan(10);
  expect(execs.length).toBeLessThan(150);
});

test('processes that run already when the logger comes are in their tree', async () => {
  using directory = new Directory();
  const shell = `sleep 1000 & echo $!; read line; kill $!; wait $!; /bin/true`;
  const { spawn } = await import('node:child_process');
  const child = spawn('/bin/sh', ['-c', `(${shell}) <&3`], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    filters: { tree: [child.pid!] },
  });
  (child.stdio[3] as NodeJS.WritableStream).write('go\n');
  await new Promise((resolve) => child.once('exit', resolve));
  await logger.detach();
  const { records } = await readLog(logFiles(directory.path, 'audit'));
  expect(contentsOf(records, 'exec').map(({ path }) => path)).toContain('/bin/true');
  expect(contentsOf(records, 'exit')).toContainEqual(expect.objectContaining({ signal: 15 }));
});

test('a cgroup that is none, and other options that cannot be, are refused by name', async () => {
  const attach = (options: object) =>
    AuditLogger.attach({ recipient: RECIPIENT.publicPem, directory: '/nowhere', ...options });
  const refused = (option: string) => ({ code: 'ERR_LOG_OPTION', message: expect.stringContaining(option) });
  await expect(attach({ recordsPerKey: 0 })).rejects.toMatchObject(refused('recordsPerKey'));
  await expect(attach({ events: ['reboot'] })).rejects.toMatchObject(refused('events'));
  await expect(attach({ name: '../x' })).rejects.toMatchObject(refused('name'));
  await expect(attach({ filters: { comms: ['x'.repeat(16)] } })).rejects.toMatchObject(refused('comms'));
  await expect(attach({ recipient: RECIPIENT.privatePem })).rejects.toMatchObject({ code: 'ERR_LOG_KEY' });
  await expect(attach({ recipient: 'nonsense' })).rejects.toMatchObject({ code: 'ERR_LOG_KEY' });
  using directory = new Directory();
  writeFileSync(`${directory.path}/file`, '');
  const cgroups = { directory: directory.path, filters: { cgroups: ['/sys/fs/cgroup/none-such'] } };
  await expect(attach(cgroups)).rejects.toMatchObject(refused('none-such'));
});
