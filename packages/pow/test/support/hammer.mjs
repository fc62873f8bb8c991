import { parentPort, workerData } from 'node:worker_threads';
import { Program } from '@cryptbpf/core';

/*
 * One of several threads that run a pinned program on the same packets at the same moment: before each packet they wait
 * for one another. Posts what the program returned for each, and the packet afterwards.
 */

const SPINS = 10_000;
const { path, threads, packets, repeat, shared } = workerData;
const arrived = new Int32Array(shared);

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
const results = packets.map((data, i) => {
  meet(i + 1);
  const { returnValue, data: out } = program.testRun({ data, repeat });
  return { returnValue, data: out };
});
program.close();
parentPort.postMessage(results);
