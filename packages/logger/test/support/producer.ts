import { type BpfObject, openObject, type Program, type RawTracepointProgram } from '@cryptbpf/core';
import type { AuditLogger } from '../../src/logger.js';

export interface BenchObject {
  maps: Record<never, never>;
  programs: { bench_seal: RawTracepointProgram; [name: string]: Program };
  variables: { bench_produced: bigint };
}

export const OBJECT = new URL('../../../../build/bpf/logger_bench.bpf.o', import.meta.url);

/** Seals records into a logger's log, by bpf/test/logger_bench.bpf.c. */
export class Producer implements Disposable {
  readonly #object: BpfObject<BenchObject>;

  constructor(logger: AuditLogger) {
    const spec = openObject<BenchObject>(OBJECT);
    for (const [name, map] of Object.entries(logger.maps))
      spec.map(name as never).maxEntries = map.maxEntries;
    this.#object = spec.load({ reuse: { ...logger.maps } });
  }

  get produced(): number {
    return Number(this.#object.variables.bench_produced);
  }

  /** So many, at once, on a CPU. */
  produce(count: number, cpu?: number): void {
    const context = new Uint8Array(BigUint64Array.of(BigInt(count)).buffer);
    this.#object.programs.bench_seal.testRun({ context, ...(cpu !== undefined && { cpu }) });
  }

  [Symbol.dispose](): void {
    this.#object.close();
  }
}
