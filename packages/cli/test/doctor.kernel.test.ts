import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isKernelAtLeast } from '../../core/src/kernel.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

interface Report {
  kernel: string;
  findings: { what: string; state: string }[];
  features: { feature: string; verdict: string }[];
}

function doctor() {
  const { status, stdout } = spawnSync(process.execPath, [cli, 'doctor', '--json'], { encoding: 'utf8' });
  return { status, report: JSON.parse(stdout) as Report };
}

test('the doctor knows what this kernel has', () => {
  const { status, report } = doctor();
  expect([status, report.kernel]).toEqual([0, release()]);
  const stateOf = (name: string) => report.findings.find(({ what }) => what === name)?.state;
  const since = (version: string) => (isKernelAtLeast(version) ? 'ok' : 'missing');
  expect([stateOf('program:xdp'), stateOf('map:ringbuf'), stateOf('BTF'), stateOf('bpffs')]).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
  ]);
  expect(stateOf('tcx')).toBe(since('6.6'));
  expect(stateOf('kfunc:bpf_crypto_encrypt')).toBe(since('6.10'));
  const verdicts = Object.fromEntries(report.features.map(({ feature, verdict }) => [feature, verdict]));
  const tunnel = isKernelAtLeast('6.10') ? 'works' : 'works, without suite aes-256-gcm (Linux 6.10)';
  expect(verdicts).toMatchObject({ pow: 'works', pki: 'works', logger: 'works', tunnel });
});
