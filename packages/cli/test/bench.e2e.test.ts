import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cli } from './support/command.js';

const bench = (...args: string[]) => {
  const { status, stdout, stderr, pid } = spawnSync(process.execPath, [cli, 'bench', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr, pid };
};

/* How fast it is says the machine, not a test. */
test('packets of a feature are measured by the kernel, and nothing is left', () => {
  const { status, stdout, stderr, pid } = bench('crypto-ratelimit', '--seconds', '0', '--json');
  expect([stderr, status]).toEqual(['', 0]);
  const { machine, rows } = JSON.parse(stdout);
  expect(machine).toEqual({
    cpu: expect.any(String),
    kernel: expect.any(String),
    node: process.versions.node,
  });
  const positive = expect.toSatisfy((value: number) => value > 0);
  const row = { feature: 'pow', nanoseconds: positive, batches: positive, perSecond: positive };
  expect(rows).toEqual([
    { ...row, packet: 'a stranger', reason: 'DROP_NOT_ADMITTED' },
    {
      ...row,
      packet: 'solution',
      reason: 'ANSWER_ADMITTED',
      node: { what: 'HMAC and SHA-256', nanoseconds: positive },
      ratio: positive,
    },
  ]);
  expect(existsSync(`/sys/fs/bpf/cryptbpf-bench-${pid}-0`)).toBe(false);
  expect(existsSync(`/run/netns/cryptbpf-traffic-${pid}-host`)).toBe(false);
});

test('what is asked wrongly is refused', () => {
  expect(bench('tunnel')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Allowed choices are pow'),
  });
  expect(bench('cas', '--seconds', 'x')).toMatchObject({ status: 2 });
});
