import { parentPort, workerData } from 'node:worker_threads';
import { openObject } from '@cryptbpf/core';

/* A thread that seals records into pinned maps, so many a second, until it is told to stop; it posts how many. */

const BATCH = 64;
const { object, reuse, perSecond, shared } = workerData;
const stopped = new Int32Array(shared);
const bench = openObject(new URL(object)).load({ reuse });
const context = new Uint8Array(BigUint64Array.of(BigInt(BATCH)).buffer);
const began = performance.now();
for (let made = 0; Atomics.load(stopped, 0) === 0; made += BATCH) {
  bench.programs.bench_seal.testRun({ context });
  const due = began + ((made + BATCH) * 1000) / perSecond;
  const wait = due - performance.now();
  if (wait > 0) Atomics.wait(stopped, 0, 0, wait);
}
parentPort.postMessage(Number(bench.variables.bench_produced));
bench.close();
