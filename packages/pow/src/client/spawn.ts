import { runtime, type SolverWorker, workerThreads } from './runtime.js';
import { WORKER_SOURCE } from './worker-source.gen.js';

/** Makes one worker; throws where the runtime or a policy forbids it. */
export type CreateWorker = () => SolverWorker;

/** The way this runtime starts a worker from text, undefined where it has none. */
export function workerFactory(): { create: CreateWorker; dispose(): void } | undefined {
  const { Worker, Blob, URL } = runtime;
  if (Worker && Blob && URL?.createObjectURL) {
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
    return { create: () => new Worker(url), dispose: () => URL.revokeObjectURL?.(url) };
  }
  const threads = workerThreads();
  if (!threads) return undefined;
  // Loaders and hooks of the program (execArgv) have no business in the solver and slow its start.
  const options = { eval: true, execArgv: [], env: {} };
  return { create: () => new threads.Worker(WORKER_SOURCE, options), dispose: () => {} };
}

/** Calls back with what a worker says, and once it cannot go on. */
export function listen(worker: SolverWorker, onMessage: (data: unknown) => void, onEnd: () => void): void {
  if (!worker.addEventListener) {
    worker.on?.('message', onMessage);
    worker.on?.('error', onEnd);
    worker.on?.('exit', onEnd);
    return;
  }
  worker.addEventListener('message', (event) => onMessage((event as MessageEvent).data));
  worker.addEventListener('messageerror', onEnd);
  worker.addEventListener('error', (event) => {
    (event as Event).preventDefault?.();
    onEnd();
  });
}
