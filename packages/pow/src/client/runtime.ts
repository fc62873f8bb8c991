/** What differs between browsers, Node, Deno, Bun and bare engines; any of it may be missing. */
export interface Runtime {
  process?: { getBuiltinModule?: (name: string) => unknown };
  navigator?: { hardwareConcurrency?: number };
  Worker?: new (url: string | URL, options?: object) => SolverWorker;
  Blob?: new (parts: string[], options: { type: string }) => object;
  URL?: { createObjectURL?: (blob: object) => string; revokeObjectURL?: (url: string) => void };
  MessageChannel?: new () => { port1: Port; port2: Port };
  setImmediate?: (callback: () => void) => unknown;
  setTimeout?: (callback: () => void, ms: number) => unknown;
  clearTimeout?: (timer: unknown) => void;
  /** Only inside a Web Worker (and in windows, where it is another function). */
  postMessage?: (message: unknown) => void;
  addEventListener?: (type: string, listener: (event: { data: unknown }) => void) => void;
}

interface Port {
  onmessage: ((event: unknown) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** A Web Worker, or a Worker of Node's worker_threads. */
export interface SolverWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  addEventListener?(type: string, listener: (event: unknown) => void): void;
  on?(type: string, listener: (value: unknown) => void): unknown;
}

export interface WorkerThreads {
  Worker: new (source: string, options: object) => SolverWorker;
  parentPort: {
    postMessage(message: unknown): void;
    once(type: 'message', listener: (message: unknown) => void): void;
  } | null;
}

export const runtime = globalThis as unknown as Runtime;

/**
 * Node's worker_threads without an import, so that the same file runs where there is no Node
 * (`getBuiltinModule`: Node 20.16+ and 22.3+).
 */
export function workerThreads(): WorkerThreads | undefined {
  return runtime.process?.getBuiltinModule?.('worker_threads') as WorkerThreads | undefined;
}

/** How many threads can run at once, 1 when nobody tells. */
export function cores(): number {
  if (runtime.navigator?.hardwareConcurrency) return runtime.navigator.hardwareConcurrency;
  const os = runtime.process?.getBuiltinModule?.('os') as { availableParallelism?(): number } | undefined;
  return os?.availableParallelism?.() ?? 1;
}

/**
 * Lets timers, input and messages have their turn. A message channel comes before setTimeout, which
 * browsers stretch to 4 ms; an engine without an event loop has nothing to wait for.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (runtime.setImmediate) runtime.setImmediate(resolve);
    else if (runtime.MessageChannel) postToSelf(runtime.MessageChannel, resolve);
    else if (runtime.setTimeout) runtime.setTimeout(resolve, 0);
    else resolve();
  });
}

function postToSelf(Channel: NonNullable<Runtime['MessageChannel']>, callback: () => void): void {
  const { port1, port2 } = new Channel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(0);
}
