/** The text of worker-source.gen.ts as it should be. */
export function workerSourceModule(): Promise<string>;
