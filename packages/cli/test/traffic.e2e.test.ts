import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { until } from '../../core/test/support/until.js';
import type { Traffic } from '../src/traffic/run.js';
import { cli } from './support/command.js';

const traffic = (...args: string[]) =>
  spawnSync(process.execPath, [cli, 'traffic', ...args], { encoding: 'utf8' });

test.concurrent.each([
  ['crypto-ratelimit', ['DROP_NOT_ADMITTED', 'DROP_MESSAGE_FORMAT', 'ANSWER_ADMITTED']],
  ['signed-auth', ['DROP_UNSIGNED', 'DROP_REPLAY', 'PASS_SIGNED', 'ANSWER_ADMITTED']],
  ['pki-validator', ['DROP_NOT_ADMITTED', 'DROP_MESSAGE_LENGTH', 'ANSWER_ADMITTED']],
  ['encrypted-tunnel', ['DROP_TUNNEL_INDEX', 'malformed']],
])('%s serves who is honest, and nobody else', async (feature, reasons) => {
  const args = [cli, 'traffic', feature, '--seconds', '1', '--rate', '5000', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const { honest, hostile, reasons: counted } = (await json(child.stdout)) as Traffic;
  expect((await exited)[0]).toBe(0);
  expect(honest.served).toBe(honest.tried);
  expect(hostile.flood).toBeGreaterThan(0);
  expect(Object.keys(counted)).toEqual(expect.arrayContaining(reasons));
  expect(existsSync(`/run/netns/cryptbpf-traffic-${child.pid}-host`)).toBe(false);
});

test('what a killed one has left goes with the next', async () => {
  const child = spawn(process.execPath, [cli, 'traffic', 'pow', '--seconds', '60'], { stdio: 'ignore' });
  const host = `/run/netns/cryptbpf-traffic-${child.pid}-host`;
  expect(until(() => existsSync(host))).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(host)).toBe(true);
  expect(traffic('pow', '--seconds', '1', '--rate', '1000').status).toBe(0);
  expect(existsSync(host)).toBe(false);
});

test('no other interface is touched', () => {
  expect(traffic('pow', '-i', 'eth0')).toMatchObject({
    status: 2,
    stderr:
      'cryptbpf: traffic is sent in networks of its own alone, and not by eth0: leave --interface out\n',
  });
});
