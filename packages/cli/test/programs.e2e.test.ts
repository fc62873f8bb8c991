import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
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

test('a demonstration begins, from where it is installed, and says what it kept when it is told to end', async () => {
  const child = spawn(process.execPath, [cli, 'demo', 'crypto-ratelimit', '--json']);
  const result = json(child.stdout);
  const [text] = await once(child.stderr, 'data');
  expect(`${text}`).toContain('CryptBPF demo');
  child.stderr.resume();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  expect(await result).toEqual({ kept: false, promises: [] });
});

test('what prints text prints JSON, too, or says why not', () => {
  expect(JSON.parse(run('completion', 'zsh', '--json').stdout)).toEqual({
    shell: 'zsh',
    script: expect.stringContaining('compdef'),
  });
  expect(JSON.parse(run('client', 'encrypted-tunnel', '--json').stdout)).toMatchObject({ feature: 'tunnel' });
  const log = run('log', 'verify', '--json');
  expect([log.status, JSON.parse(log.stdout).error]).toEqual([
    2,
    expect.stringContaining('leave --json out'),
  ]);
});
