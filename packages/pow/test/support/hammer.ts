import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Program } from '@cryptbpf/core';

export interface Hit {
  returnValue: number;
  data: Uint8Array;
}

const SCRIPT = new URL('hammer.mjs', import.meta.url);

/** Runs the program on each packet in all threads at once, repeat times in each. Returns what each thread saw. */
export async function hammer(
  program: Program,
  packets: readonly Uint8Array[],
  { threads = 2, repeat = 1 } = {},
): Promise<Hit[][]> {
  const path = `/sys/fs/bpf/cryptbpf-hammer-${process.pid}`;
  program.pin(path);
  try {
    const workerData = { path, threads, packets, repeat, shared: new SharedArrayBuffer(4) };
    const workers = Array.from(
      { length: threads },
      () => new Worker(SCRIPT, { workerData, trackUnmanagedFds: false }),
    );
    return await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as Hit[]));
  } finally {
    rmSync(path);
  }
}
