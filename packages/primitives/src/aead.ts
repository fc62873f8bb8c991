import { getPriority } from 'node:os';
import type { ArrayMap, BpfObject, Btf, Link, ObjectSpec, Program, TracepointProgram } from '@cryptbpf/core';
import { AeadFunction, AeadResult, type AeadUsage, aeadCallCodec, aeadUsageCodec } from './chacha.gen.js';

/* What the harnesses of AEADs share: bpf/test/aead_test.h. */

export { AeadResult };

export const BUILD = new URL('../../../build/bpf/', import.meta.url);
export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

const ETHERNET_BYTES = 14;
const EMPTY_FRAME = new Uint8Array(64);
const XDP_PASS = 2;
const TC_ACT_OK = 0;

/** A packet that is additional data and text, in XDP or TC; or map memory, in a program of that kind. */
export type AeadSource = 'xdp' | 'tc' | 'memory' | 'raw_tp' | 'tracepoint';

export interface AeadInput {
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** The message's number, which the program adds to the nonce. Default 0. */
  readonly counter?: bigint;
  readonly aad?: Uint8Array;
}

/** What the objects have, and each something of its own. */
export interface AeadObject {
  maps: Record<string, ArrayMap<unknown>>;
  programs: Record<string, Program>;
  variables: Record<string, unknown>;
}

/** Runs programs on a message. One that is refused throws AeadError. */
export abstract class AeadCrypto implements Disposable {
  readonly object: BpfObject<AeadObject>;
  readonly #usage: DataView;
  readonly #call: DataView;
  readonly #message: Uint8Array;
  readonly #at: Record<string, number>;
  #tracepoint: Link | undefined;

  /** usages: the map whose value begins with the usage of the key. */
  constructor(spec: ObjectSpec<AeadObject>, usages: string) {
    this.object = spec.load();
    this.#call = this.object.maps.calls!.view();
    this.#message = bytesOf(this.object.maps.messages!.view());
    this.#usage = this.object.maps[usages]!.view();
    this.#at = offsetsOf(spec.btf, 'aead_message');
  }

  /** The text encrypted, and the tag. */
  seal(source: AeadSource, text: Uint8Array, input: AeadInput): Uint8Array {
    return this.#run(source, AeadFunction.AEAD_SEAL, text, text.length, input);
  }

  /** What seal() was given. */
  open(source: AeadSource, sealed: Uint8Array, input: AeadInput): Uint8Array {
    return this.#run(source, AeadFunction.AEAD_OPEN, sealed, sealed.length - TAG_BYTES, input);
  }

  /** How often the key was used. */
  get usage(): AeadUsage {
    return aeadUsageCodec.decode(this.#usage, 0);
  }

  set usage(usage: AeadUsage) {
    aeadUsageCodec.encode(this.#usage, 0, usage);
  }

  /** Where a program makes the key. */
  protected prepare(source: AeadSource): void {
    this.#run(source, AeadFunction.AEAD_PREPARE, new Uint8Array(), 0, { nonce: new Uint8Array(12) });
  }

  #run(source: AeadSource, aead: AeadFunction, text: Uint8Array, length: number, input: AeadInput) {
    const { nonce, counter = 0n, aad = new Uint8Array() } = input;
    const outgoing = aead === AeadFunction.AEAD_SEAL ? length + TAG_BYTES : length;
    aeadCallCodec.encode(this.#call, 0, {
      function: aead,
      result: AeadResult.AEAD_UNFIT,
      aadLength: BigInt(aad.length),
      length: BigInt(length),
      iv: nonce,
      process: process.pid,
      counter,
    });
    const output = this.#sources[source](aad, text, outgoing);
    const { result } = aeadCallCodec.decode(this.#call, 0);
    if (result !== AeadResult.AEAD_DONE) throw new AeadError(result, output);
    return output;
  }

  readonly #sources: Record<AeadSource, (aad: Uint8Array, text: Uint8Array, outgoing: number) => Uint8Array> =
    {
      xdp: (aad, text, outgoing) =>
        runOnPacket(this.object.programs.test_xdp!, XDP_PASS, aad, text, outgoing),
      tc: (aad, text, outgoing) => runOnPacket(this.object.programs.test_tc!, TC_ACT_OK, aad, text, outgoing),
      memory: (aad, text, outgoing) =>
        this.#inMemory(aad, text, outgoing, () => {
          this.object.programs.test_memory!.testRun({ data: EMPTY_FRAME });
        }),
      raw_tp: (aad, text, outgoing) =>
        this.#inMemory(aad, text, outgoing, () => {
          this.object.programs.test_raw_tp!.testRun();
        }),
      tracepoint: (aad, text, outgoing) =>
        this.#inMemory(aad, text, outgoing, () => this.#trace(() => getPriority())),
    };

  #inMemory(aad: Uint8Array, text: Uint8Array, outgoing: number, run: () => void): Uint8Array {
    const at = this.#at.text!;
    this.#message.set(aad, this.#at.aad!);
    this.#message.set(text, at);
    run();
    return this.#message.slice(at, at + outgoing);
  }

  /** Programs of tracepoints have no test run: this process makes the system call that it is attached to. */
  #trace(call: () => void): void {
    const program = this.object.programs.test_tracepoint as TracepointProgram;
    this.#tracepoint ??= program.attachTracepoint('syscalls', 'sys_enter_getpriority');
    call();
  }

  [Symbol.dispose](): void {
    this.#tracepoint?.close();
    this.object.close();
  }
}

export class AeadError extends Error {
  readonly result: AeadResult;
  /** What the text is afterwards. */
  readonly text: Uint8Array;

  constructor(result: AeadResult, text: Uint8Array) {
    super(`aead: ${Object.keys(AeadResult).find((name) => AeadResult[name as never] === result)}`);
    this.result = result;
    this.text = text;
  }
}

/** Of no protocol that the kernel looks into. When it is to be sealed, there is room for the tag. */
function runOnPacket(
  program: Program,
  expected: number,
  aad: Uint8Array,
  text: Uint8Array,
  outgoing: number,
): Uint8Array {
  const at = ETHERNET_BYTES + aad.length;
  const data = new Uint8Array(at + Math.max(text.length, outgoing));
  data.set(aad, ETHERNET_BYTES);
  data.set(text, at);
  const { returnValue, data: packet } = program.testRun({ data });
  if (returnValue !== expected) throw new RangeError(`aead: ${program.title} returned ${returnValue}`);
  return packet.slice(at, at + outgoing);
}

/** Of the members of a struct, in bytes. */
export function offsetsOf(btf: Btf, struct: string): Record<string, number> {
  const found = btf.find('struct', struct);
  if (found?.kind !== 'struct') throw new RangeError(`aead: the object has no struct ${struct}`);
  return Object.fromEntries(found.members.map(({ name, bitOffset }) => [name, bitOffset / 8]));
}

export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
