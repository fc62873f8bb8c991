import type { BpfObject } from '@cryptbpf/core';
import {
  messageCodec,
  openX509Test,
  type X509,
  type X509TestObject,
  x509CaseCodec,
} from '../x509_test.gen.js';

/* Of struct x509_case: bytes come last, in a message of that many. */
const BYTES_AT = x509CaseCodec.size - messageCodec.size;
const LENGTH_AT = BYTES_AT - 4;

/** The kernel's reader of certificates by itself: as many in one run as its map has places. */
export class Reader {
  readonly #object: BpfObject<X509TestObject> = openX509Test(
    new URL('../../../../build/bpf/x509_test.bpf.o', import.meta.url),
  ).load();

  get size(): number {
    return this.#object.maps.cases.maxEntries;
  }

  read(inputs: readonly Uint8Array[]): { reason: number; certificate: X509 }[] {
    const view = this.#object.maps.cases.view();
    const { size } = x509CaseCodec;
    for (const [i, bytes] of inputs.entries()) {
      view.setUint32(i * size + LENGTH_AT, bytes.length, true);
      new Uint8Array(view.buffer, view.byteOffset + i * size + BYTES_AT, bytes.length).set(bytes);
    }
    this.#object.variables.next_case = 0;
    this.#object.programs.x509_test.testRun({ data: new Uint8Array(64), repeat: inputs.length });
    return inputs.map((_, i) => {
      const { reason, certificate } = x509CaseCodec.decode(view, i * size);
      return { reason, certificate };
    });
  }

  [Symbol.dispose](): void {
    this.#object.close();
  }
}
