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
  for (const what of [
    'libbpf',
    'memlock',
    'program:xdp',
    'map:ringbuf',
    'BTF',
    'bpffs',
    'tracefs',
    'CAP_BPF',
  ])
    expect([what, stateOf(what)]).toEqual([what, 'ok']);
  expect(stateOf('tcx')).toBe(since('6.6'));
  expect(stateOf('kfunc:bpf_crypto_encrypt')).toBe(since('6.10'));
  const verdicts = Object.fromEntries(report.features.map(({ feature, verdict }) => [feature, verdict]));
  const tunnel = isKernelAtLeast('6.10') ? 'works' : 'works, without suite aes-256-gcm (Linux 6.10)';
  const logger = report.findings.some(
    ({ what, state }) => what === 'CONFIG_FUNCTION_TRACER' && state === 'missing',
  )
    ? 'works, without events accept, credentials and bpf (CONFIG_FUNCTION_TRACER)'
    : 'works';
  const works = Object.fromEntries(
    ['pow', 'signed-auth', 'zkp', 'pki', 'cas', 'offload'].map((name) => [name, 'works']),
  );
  expect(verdicts).toEqual({ ...works, logger, tunnel });
});
