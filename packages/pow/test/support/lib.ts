import { type BpfObject, openObject, type XdpProgram } from '@cryptbpf/core';
import { BUILD } from './gate.js';

/* bpf/lib by itself: each call is one run of a program of lib_test.bpf.o on a packet that is its arguments. */

const XDP_PASS = 2;

interface LibObject {
  maps: Record<string, unknown>;
  programs: Record<string, XdpProgram>;
  variables: Record<string, unknown>;
}

export class Lib {
  readonly object: BpfObject<LibObject> = openObject<LibObject>(new URL('lib_test.bpf.o', BUILD)).load();

  /** Of the first 16 and of all 40 bytes. */
  siphash(key: Uint8Array, data: Uint8Array): { ofTwo: bigint; ofFive: bigint } {
    const view = this.#call('test_siphash', 72, (bytes) => {
      bytes.set(key);
      bytes.set(data, 16);
    });
    return { ofTwo: view.getBigUint64(56, true), ofFive: view.getBigUint64(64, true) };
  }

  /** The state (8 words) after a block of 64 bytes. */
  sha256Block(state: Uint32Array, block: Uint8Array): Uint32Array {
    const view = this.#call('test_sha256', 96, (bytes) => {
      bytes.set(new Uint8Array(state.buffer));
      bytes.set(swapped(block), 32);
    });
    return Uint32Array.from({ length: 8 }, (_, i) => view.getUint32(i * 4, true));
  }

  /** Key of 32 bytes, message of at most 55. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    const block = new Uint8Array(64);
    block.set(message);
    block[message.length] = 0x80;
    const view = this.#call('test_hmac', 132, (bytes, input) => {
      bytes.set(key);
      bytes.set(swapped(block), 32);
      input.setUint32(128, message.length, true);
    });
    return swapped(new Uint8Array(view.buffer.slice(view.byteOffset + 96, view.byteOffset + 128)));
  }

  /** The bucket afterwards, and whether it gave a token. */
  token(bucket: bigint, rate: { intervalNs: bigint; toleranceNs: bigint }, now: bigint, count = 0n) {
    const view = this.#call('test_token', 48, (_, input) => {
      [bucket, rate.intervalNs, rate.toleranceNs, now, 0n, count].forEach((value, i) => {
        input.setBigUint64(i * 8, value, true);
      });
    });
    return { bucket: view.getBigUint64(0, true), taken: view.getBigUint64(32, true) === 1n };
  }

  checksumFold(sum: bigint): number {
    const view = this.#call('test_csum_fold', 16, (_, input) => input.setBigUint64(0, sum, true));
    return Number(view.getBigUint64(8, true));
  }

  #call(program: string, length: number, write: (bytes: Uint8Array, view: DataView) => void): DataView {
    const bytes = new Uint8Array(length);
    write(bytes, new DataView(bytes.buffer));
    const { returnValue, data } = this.object.programs[program]!.testRun({ data: bytes });
    if (returnValue !== XDP_PASS) throw new Error(`${program} returned ${returnValue}`);
    return new DataView(data.buffer, data.byteOffset, data.length);
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

/** Big-endian words as numbers in memory, and back. */
function swapped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.from(bytes).swap32());
}
