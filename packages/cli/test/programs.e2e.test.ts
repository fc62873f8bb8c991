import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { cli, NO_PRIVILEGE } from './support/command.js';

const run = (...args: string[]) => spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });

test('hashes of kernel, node and noble are compared, under the name that the original has', () => {
  const { status, stdout } = run('hash-comparison', '--json');
  expect(status).toBe(0);
  const [{ name, random }] = JSON.parse(stdout);
  expect([name, random.agreeing]).toEqual(['hash-comparison', random.count]);
});

test('what needs root says so', () => {
  const nobody = ['--reuid', '65534', '--clear-groups', ...NO_PRIVILEGE];
  const { status, stderr } = spawnSync('setpriv', [...nobody, process.execPath, cli, 'demo', 'pow'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([3, 'cryptbpf: this loads BPF programs: run it as root\n']);
});

test('a demonstration begins, from where it is installed, and ends when it is told to', async () => {
  const child = spawn(process.execPath, [cli, 'demo', 'crypto-ratelimit'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(child.stdout, 'data');
  expect(`${text}`).toContain('CryptBPF demo');
  child.stdout.resume();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});
