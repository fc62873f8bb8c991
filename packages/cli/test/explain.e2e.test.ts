import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { SHAPES } from '../src/shapes/features.js';
import { cli, NO_PRIVILEGE } from './support/command.js';

interface Step {
  what: string;
  values: Record<string, string | number>;
}

function explain(feature: string): Step[] {
  const args = [...NO_PRIVILEGE, process.execPath, cli, 'explain', feature, '--json'];
  const { status, stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Values of that name, in the order of the steps. */
const valuesOf = (feature: string, name: string) =>
  explain(feature).flatMap(({ values }) => values[name] ?? []);

test.each([
  ['pow', 'holds', ['true', 'false']],
  ['signed-auth', 'holds', ['true', 'false']],
  ['zkp', 'holds', ['true']],
  ['pki', 'certificates', [1]],
  ['cas', 'verdict', [expect.stringMatching(/^dropped: /)]],
  ['offload', 'answer', [expect.stringMatching(/^none: /)]],
  ['tunnel', 'opened', ['a packet', 'forged']],
  ['logger', 'text', ['exec /usr/bin/id uid 1000', 'forged']],
])('%s is explained without privilege, with values that are true', (feature, name, values) => {
  expect(valuesOf(feature, name)).toEqual(values);
});

test('all features are explained, with a picture', () => {
  const help = spawnSync(process.execPath, [cli, 'explain', '--help'], { encoding: 'utf8' }).stdout;
  for (const feature of Object.keys(SHAPES)) expect(help).toContain(`"${feature}"`);
  const { stdout } = spawnSync(process.execPath, [cli, 'explain', 'encrypted-tunnel'], { encoding: 'utf8' });
  expect(stdout).toContain('INITIATION ---');
});
