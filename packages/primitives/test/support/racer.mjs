import { parentPort, workerData } from 'node:worker_threads';
import { Program } from '@cryptbpf/core';
import koffi from 'koffi';

/*
 * One of several threads, each on a CPU of its own, that run a pinned program at the same moment: for each packet they wait
 * for one another.
 */

const { path, cpu, threads, packets, repeat, shared } = workerData;
const arrived = new Int32Array(shared);

/* 0: this thread. A set of 1024 CPUs, a bit each. */
const set = new Uint8Array(128);
set[cpu >> 3] = 1 << (cpu & 7);
const setAffinity = koffi
  .load('libc.so.6')
  .func('int sched_setaffinity(int pid, size_t size, const void *set)');
if (setAffinity(0, set.length, set) !== 0) throw new Error(`no thread can be put on CPU ${cpu}`);

/* Threads that find each other awake begin within a microsecond. */
function meet(round) {
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < threads * round);
}

const program = Program.open(path);
packets.forEach((data, i) => {
  meet(i + 1);
  program.testRun({ data, repeat });
});
program.close();
parentPort.postMessage('done');
