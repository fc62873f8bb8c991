import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cli } from './support/command.js';

const traffic = (...args: string[]) =>
  spawnSync(process.execPath, [cli, 'traffic', ...args], { encoding: 'utf8' });

test.each([
  ['crypto-ratelimit', ['DROP_NOT_ADMITTED', 'DROP_MESSAGE_FORMAT', 'ANSWER_ADMITTED']],
  ['signed-auth', ['DROP_UNSIGNED', 'DROP_REPLAY', 'PASS_SIGNED', 'ANSWER_ADMITTED']],
])('%s serves who is honest, and nobody else', (feature, reasons) => {
  const { status, stdout, stderr } = traffic(feature, '--seconds', '1', '--rate', '5000', '--json');
  expect([stderr, status]).toEqual(['', 0]);
  const { honest, hostile, reasons: counted } = JSON.parse(stdout);
  expect(honest.served).toBe(honest.tried);
  expect(hostile.flood).toBeGreaterThan(0);
  expect(Object.keys(counted)).toEqual(expect.arrayContaining(reasons));
  expect(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })).not.toContain(
    `cryptbpf-traffic-${process.pid}`,
  );
});

test('no other interface is touched', () => {
  expect(traffic('pow', '-i', 'eth0')).toMatchObject({
    status: 2,
    stderr:
      'cryptbpf: traffic is sent in networks of its own alone, and not by eth0: leave --interface out\n',
  });
});
