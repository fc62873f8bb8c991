import { parentPort, workerData } from 'node:worker_threads';
import { Program } from '@cryptbpf/core';

/*
 * One of several threads that run a pinned program on the same recorded packets, all of one length, side by side: they
 * wait for one another again and again. Posts what the program returned for each.
 */

const STRIDE = 16;
const SPINS = 10_000;
const { path, threads, recorded, length, shared } = workerData;
const arrived = new Int32Array(shared);
const bytes = new Uint8Array(recorded);
const count = bytes.length / length;

function meet(round) {
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  for (let spins = 0; ; spins++) {
    const seen = Atomics.load(arrived, 0);
    if (seen >= threads * round) return;
    if (spins > SPINS) Atomics.wait(arrived, 0, seen, 10);
  }
}

const program = Program.open(path);
const actions = new Uint8Array(count);
for (let i = 0; i < count; i++) {
  if (i % STRIDE === 0) meet(i / STRIDE + 1);
  const data = bytes.subarray(i * length, (i + 1) * length);
  actions[i] = program.testRun({ data, outputSize: 0 }).returnValue;
}
program.close();
parentPort.postMessage(actions);
