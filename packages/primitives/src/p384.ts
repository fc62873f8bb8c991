import { type ArrayMap, type BpfObject, openObject, type Program } from '@cryptbpf/core';

/* P-384 and P-521 in the kernel: bpf/test/p384_test.bpf.c and its twin, many cases in one run. */

const BUILD = new URL('../../../build/bpf/', import.meta.url);
const RUN_PASSED = 2;
const EMPTY_FRAME = new Uint8Array(64);
const DIGEST_ROOM = 64;

/** Of a coordinate, and of r and s. */
const NUMBER_BYTES = { p384: 48, p521: 66 } as const;

export type WideCurve = keyof typeof NUMBER_BYTES;

export const ECDSA_OK = 0;
/** -EKEYREJECTED */
export const ECDSA_REJECTED = -129;

export interface WideCase {
  /** x and y: 96 or 132 bytes. */
  readonly key: Uint8Array;
  /** 32, 48 or 64 bytes. */
  readonly digest: Uint8Array;
  /** r and s: 96 or 132 bytes. */
  readonly signature: Uint8Array;
}

interface WideObject {
  maps: { cases: ArrayMap<Uint8Array> };
  programs: { test_xdp: Program; test_tc: Program };
  variables: { next_case: number };
}

/** ECDSA verification on one of the curves. */
export class KernelEcdsa implements Disposable {
  readonly curve: WideCurve;
  readonly object: BpfObject<WideObject>;
  readonly #cases: Uint8Array;
  readonly #layout;
  readonly #capacity: number;

  constructor(curve: WideCurve) {
    this.curve = curve;
    this.object = openObject<WideObject>(new URL(`${curve}_test.bpf.o`, BUILD)).load();
    const view = this.object.maps.cases.view();
    this.#cases = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#layout = layoutOf(NUMBER_BYTES[curve]);
    this.#capacity = Math.floor(view.byteLength / this.#layout.size);
  }

  /** The result of each: ECDSA_OK or ECDSA_REJECTED. */
  verify(cases: readonly WideCase[], hook: 'xdp' | 'tc' = 'xdp'): number[] {
    const results: number[] = [];
    for (let i = 0; i < cases.length; i += this.#capacity) {
      results.push(...this.#batch(cases.slice(i, i + this.#capacity), hook).results);
    }
    return results;
  }

  /** Nanoseconds of each of some cases, as many as fit into the kernel's array; throws where one is not valid. */
  time(cases: readonly WideCase[]): number {
    const { results, durationNs } = this.#batch(cases, 'xdp');
    const wrong = results.findIndex((result) => result !== ECDSA_OK);
    if (wrong >= 0) throw new Error(`${this.curve}: case ${wrong} of ${cases.length} gave ${results[wrong]}`);
    return durationNs;
  }

  #batch(cases: readonly WideCase[], hook: 'xdp' | 'tc') {
    cases.forEach((given, i) => {
      this.#put(i, given);
    });
    this.object.variables.next_case = 0;
    const program = this.object.programs[`test_${hook}`];
    const { returnValue, durationNs } = program.testRun({ data: EMPTY_FRAME, repeat: cases.length });
    if (returnValue !== RUN_PASSED) throw new Error(`${program.name} returned ${returnValue}`);
    return { results: cases.map((_, i) => this.#view(i).getInt32(this.#layout.result, true)), durationNs };
  }

  #put(index: number, { key, digest, signature }: WideCase): void {
    const { key: keyAt, signature: signatureAt, digest: digestAt, length, result, size } = this.#layout;
    const bytes = this.#cases.subarray(index * size, (index + 1) * size).fill(0);
    bytes.set(key.subarray(0, signatureAt), keyAt);
    bytes.set(signature.subarray(0, signatureAt), signatureAt);
    bytes.set(digest.subarray(0, DIGEST_ROOM), digestAt);
    this.#view(index).setUint32(length, digest.length, true);
    this.#view(index).setInt32(result, -1, true);
  }

  #view(index: number): DataView {
    const { size } = this.#layout;
    return new DataView(this.#cases.buffer, this.#cases.byteOffset + index * size, size);
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

/** struct p384_case */
function layoutOf(bytes: number) {
  const digest = 4 * bytes;
  const length = digest + DIGEST_ROOM;
  return { key: 0, signature: 2 * bytes, digest, length, result: length + 4, size: length + 8 };
}
