import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { possibleCpus } from '@cryptbpf/core';
import { expect, test } from 'vitest';
import { ChaChaCrypto } from '../src/chacha.js';

const RUNS = 200_000;
const run = promisify(execFile);

test('messages that CPUs seal at the same time are all counted', async () => {
  using chacha = new ChaChaCrypto();
  const directory = mkdtempSync('/sys/fs/bpf/aead-usage-');
  const packet = `${tmpdir()}/aead-usage-${process.pid}`;
  try {
    chacha.setKey(new Uint8Array(32));
    chacha.seal('xdp', new Uint8Array(1), { nonce: new Uint8Array(12) });
    chacha.object.programs.test_xdp!.pin(`${directory}/seal`);
    writeFileSync(packet, new Uint8Array(64));
    const cpus = Array.from({ length: possibleCpus() }, (_, cpu) => cpu);
    await Promise.all(cpus.map((cpu) => sealOn(cpu, `${directory}/seal`, packet)));
    expect(chacha.usage.sealed).toBe(BigInt(1 + cpus.length * RUNS));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    rmSync(packet, { force: true });
  }
});

function sealOn(cpu: number, pin: string, packet: string): Promise<unknown> {
  const bpftool = ['bpftool', 'prog', 'run', 'pinned', pin, 'data_in', packet, 'repeat', String(RUNS)];
  return run('taskset', ['-c', String(cpu), ...bpftool]);
}
