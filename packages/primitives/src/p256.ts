import { readFileSync } from 'node:fs';
import { type ArrayMap, type BpfObject, openObject, type Program } from '@cryptbpf/core';
import { P256Layout, type P256Widths, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';

/* P-256 in the kernel: bpf/test/p256_test.bpf.c, many cases in one run. */

const BUILD = new URL('../../../build/bpf/', import.meta.url);
const RUN_DROPPED = 1;
const RUN_PASSED = 2;
const EMPTY_FRAME = new Uint8Array(64);

/* struct p256_case */
const CASE = {
  digest: 0,
  signature: 32,
  point: 96,
  given: 160,
  form: 232,
  operation: 236,
  key: 240,
  flags: 244,
  result: 248,
  limbs: 256,
  size: 328,
};
const OPERATIONS = {
  ecdsa: 0,
  sumCheck: 1,
  sumAffine: 2,
  multiply: 3,
  square: 4,
  multiplyScalars: 5,
  invert: 6,
  invertScalar: 7,
} as const;
/** By length: the number of an enrolled key has none. */
const FORMS: Readonly<Record<number, number>> = { 0: 0, 64: 1, 65: 2, 33: 3 };
const LIMBS = 9;
const RADIX = 29n;

type Operation = keyof typeof OPERATIONS;

export const P256_OK = 0;
/** -EKEYREJECTED */
export const P256_REJECTED = -129;
/** -ENOENT */
export const P256_NO_KEY = -2;
export const P256_LOW_S = 1;
export const P256_NEGATE_KEY = 2;

export interface P256Case {
  readonly operation?: Operation;
  /** Which of the enrolled keys, or a key without a table: x and y, or SEC 1 of either form (64, 65 or 33 bytes). */
  readonly key: number | Uint8Array;
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
  /** What arithmetic gives, before it is brought between 0 and the modulus. */
  readonly number: bigint;
}

export type Hook = 'xdp' | 'tc';

interface P256Object {
  maps: { cases: ArrayMap<Uint8Array>; p256_entries: ArrayMap<Uint8Array> };
  programs: Record<'test_xdp' | 'test_tc' | 'test_packet_xdp' | 'test_packet_tc', Program>;
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

  /** Of numbers below 2^256, which are taken as they lie: modulo p, in Montgomery form, or modulo n. */
  compute(operation: Operation, operands: readonly (readonly [bigint, bigint])[]): bigint[] {
    const cases = operands.map(([a, b]) => ({
      operation,
      key: 0,
      signature: new Uint8Array(),
      point: Uint8Array.from([...numberBytes(a), ...numberBytes(b)]),
    }));
    return this.run(cases).map(({ number }) => number);
  }

  run(cases: readonly P256Case[], hook: Hook = 'xdp'): P256Result[] {
    const results: P256Result[] = [];
    for (let i = 0; i < cases.length; i += this.#capacity) {
      results.push(...this.#batch(cases.slice(i, i + this.#capacity), hook));
    }
    return results;
  }

  /** Whether a signature is valid that lies in the packet, with its digest and its key (65 bytes). */
  isValidPacket(digest: Uint8Array, signature: Uint8Array, key: Uint8Array, hook: Hook): boolean {
    const program = this.object.programs[`test_packet_${hook}`];
    const { returnValue } = program.testRun({ data: Buffer.concat([digest, signature, key]) });
    if (returnValue !== RUN_PASSED && returnValue !== RUN_DROPPED)
      throw new Error(`${program.name} returned ${returnValue}`);
    return returnValue === RUN_PASSED;
  }

  #batch(cases: readonly P256Case[], hook: Hook): P256Result[] {
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
    const key = typeof given.key === 'number' ? new Uint8Array() : given.key;
    if (given.digest) bytes.set(given.digest, CASE.digest);
    bytes.set(given.signature, CASE.signature);
    if (given.point) bytes.set(given.point, CASE.point);
    bytes.set(key, CASE.given);
    view.setUint32(CASE.form, FORMS[key.length]!, true);
    view.setUint32(CASE.operation, OPERATIONS[given.operation ?? 'ecdsa'], true);
    view.setUint32(CASE.key, typeof given.key === 'number' ? given.key : 0, true);
    view.setUint32(CASE.flags, given.flags ?? 0, true);
    view.setInt32(CASE.result, -1, true);
  }

  #get(index: number): P256Result {
    const bytes = this.#cases.slice(index * CASE.size, (index + 1) * CASE.size);
    const view = new DataView(bytes.buffer);
    let number = 0n;
    for (let i = LIMBS - 1; i >= 0; i--)
      number = (number << RADIX) + view.getBigInt64(CASE.limbs + 8 * i, true);
    const code = view.getInt32(CASE.result, true);
    return { code, point: bytes.subarray(CASE.point, CASE.point + 64), number };
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

/** 32 bytes, highest first. */
export function numberBytes(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}
