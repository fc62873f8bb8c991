import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Program } from '@cryptbpf/core';

const SCRIPT = new URL('replay.mjs', import.meta.url);

/** Runs the program on the packets, in their order, in two threads at once. Returns each thread's actions. */
export async function replay(program: Program, packets: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const { length } = packets[0]!;
  const recorded = new SharedArrayBuffer(length * packets.length);
  const bytes = new Uint8Array(recorded);
  for (const [i, packet] of packets.entries()) bytes.set(packet, i * length);
  const path = `/sys/fs/bpf/cryptbpf-replay-${process.pid}`;
  program.pin(path);
  try {
    const workerData = { path, threads: 2, recorded, length, shared: new SharedArrayBuffer(4) };
    const workers = [1, 2].map(() => new Worker(SCRIPT, { workerData, trackUnmanagedFds: false }));
    return await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as Uint8Array));
  } finally {
    rmSync(path);
  }
}
