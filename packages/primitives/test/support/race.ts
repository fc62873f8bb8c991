import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Program } from '@cryptbpf/core';

const SCRIPT = new URL('racer.mjs', import.meta.url);

/** Runs the program on several CPUs at once: on CPU n with its own packets, one after the other, each repeat times. */
export async function race(
  program: Program,
  packetsOfCpus: readonly (readonly Uint8Array[])[],
  repeat: number,
): Promise<void> {
  const path = `/sys/fs/bpf/cryptbpf-race-${process.pid}`;
  program.pin(path);
  try {
    const common = { path, threads: packetsOfCpus.length, repeat, shared: new SharedArrayBuffer(4) };
    const workers = packetsOfCpus.map(
      (packets, cpu) =>
        new Worker(SCRIPT, { workerData: { ...common, cpu, packets }, trackUnmanagedFds: false }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
  } finally {
    rmSync(path);
  }
}
