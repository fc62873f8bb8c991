import { readFileSync } from 'node:fs';
import { type ArrayMap, type BpfObject, openObject, type Program } from '@cryptbpf/core';
import { P256Layout, type P256Widths, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';

/* P-256 in the kernel: bpf/test/p256_test.bpf.c, many cases in one run. */

const BUILD = new URL('../../../build/bpf/', import.meta.url);
const RUN_PASSED = 2;
const EMPTY_FRAME = new Uint8Array(64);

/* struct p256_case */
const CASE = {
  digest: 0,
  signature: 32,
  point: 96,
  operation: 160,
  key: 164,
  flags: 168,
  result: 172,
  size: 176,
};
const OPERATIONS = { ecdsa: 0, sumCheck: 1, sumAffine: 2 } as const;

export const P256_OK = 0;
/** -EKEYREJECTED */
export const P256_REJECTED = -129;
/** -ENOENT */
export const P256_NO_KEY = -2;
export const P256_LOW_S = 1;
export const P256_NEGATE_KEY = 2;

export interface P256Case {
  readonly operation?: keyof typeof OPERATIONS;
  /** Which of the enrolled keys. */
  readonly key: number;
  /** 32 bytes. */
  readonly digest?: Uint8Array;
  /** r and s, or for a sum the scalars of the generator and of the key: 64 bytes. */
  readonly signature: Uint8Array;
  /** What the sum should be: x and y, 64 bytes. */
  readonly point?: Uint8Array;
  readonly flags?: number;
}

export interface P256Result {
  readonly code: number;
  /** What the sum is. */
  readonly point: Uint8Array;
}

interface P256Object {
  maps: { cases: ArrayMap<Uint8Array>; p256_entries: ArrayMap<Uint8Array> };
  programs: { test_xdp: Program; test_tc: Program };
  variables: { next_case: number };
}

export class KernelP256 {
  readonly object: BpfObject<P256Object>;
  readonly layout: P256Layout;
  readonly #cases: Uint8Array;
  readonly #capacity: number;

  constructor(layout: P256Layout, object: BpfObject<P256Object>) {
    this.layout = layout;
    this.object = object;
    const view = object.maps.cases.view();
    this.#cases = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#capacity = Math.floor(view.byteLength / CASE.size);
  }

  /** With room for so many keys, and the generator's table. */
  static async load(keys: number, widths?: P256Widths): Promise<KernelP256> {
    const layout = new P256Layout(keys, widths);
    const spec = openObject<P256Object>(readFileSync(new URL('p256_test.bpf.o', BUILD)), {
      name: 'p256_test',
    });
    spec.map('p256_entries').maxEntries = layout.entries;
    spec.variable('p256_widths' as never).set(layout.widths as never);
    const kernel = new KernelP256(layout, spec.load());
    kernel.#write(0, await p256GeneratorTable(layout.widths.generator));
    return kernel;
  }

  /** The public key in SEC 1 form, 65 or 33 bytes. */
  async enroll(key: number, publicKey: Uint8Array): Promise<void> {
    const table = await p256Table(publicKey, this.layout.widths.key);
    this.#write(this.layout.keyOffset(key), table);
  }

  #write(offset: number, table: Uint8Array): void {
    const view = this.object.maps.p256_entries.view();
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(table, offset);
  }

  run(cases: readonly P256Case[], hook: 'xdp' | 'tc' = 'xdp'): P256Result[] {
    const results: P256Result[] = [];
    for (let i = 0; i < cases.length; i += this.#capacity) {
      results.push(...this.#batch(cases.slice(i, i + this.#capacity), hook));
    }
    return results;
  }

  #batch(cases: readonly P256Case[], hook: 'xdp' | 'tc'): P256Result[] {
    cases.forEach((given, i) => {
      this.#put(i, given);
    });
    this.object.variables.next_case = 0;
    const program = this.object.programs[`test_${hook}`];
    const { returnValue } = program.testRun({ data: EMPTY_FRAME, repeat: cases.length });
    if (returnValue !== RUN_PASSED) throw new Error(`${program.name} returned ${returnValue}`);
    return cases.map((_, i) => this.#get(i));
  }

  #put(index: number, given: P256Case): void {
    const bytes = this.#cases.subarray(index * CASE.size, (index + 1) * CASE.size).fill(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, CASE.size);
    if (given.digest) bytes.set(given.digest, CASE.digest);
    bytes.set(given.signature, CASE.signature);
    if (given.point) bytes.set(given.point, CASE.point);
    view.setUint32(CASE.operation, OPERATIONS[given.operation ?? 'ecdsa'], true);
    view.setUint32(CASE.key, given.key, true);
    view.setUint32(CASE.flags, given.flags ?? 0, true);
    view.setInt32(CASE.result, -1, true);
  }

  #get(index: number): P256Result {
    const bytes = this.#cases.slice(index * CASE.size, (index + 1) * CASE.size);
    const code = new DataView(bytes.buffer).getInt32(CASE.result, true);
    return { code, point: bytes.subarray(CASE.point, CASE.point + 64) };
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}
