import { parentPort } from 'node:worker_threads';
import { type EngineKeys, type Job, Performer } from '../perform.js';

/* One worker of the pool. scripts/worker-source.mjs makes text of it. */

export type ToWorker = { readonly keys: EngineKeys } | { readonly jobs: readonly NumberedJob[] };
export type NumberedJob = Job & { readonly id: number };
export interface NumberedOutcome {
  readonly id: number;
  readonly error: number;
  readonly result: Uint8Array;
  readonly costNs?: number;
}

const performer = new Performer();

parentPort!.on('message', (message: ToWorker) => {
  if ('keys' in message) performer.setKeys(message.keys);
  else parentPort!.postMessage(message.jobs.map((job) => ({ id: job.id, ...performer.measure(job) })));
});
