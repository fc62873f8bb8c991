import { openObject, type Program } from '@cryptbpf/core';
import {
  type HashCall,
  HashFunction,
  type HashTestObject,
  hashCallCodec,
  type Ratchet,
} from './hashes.gen.js';

/* Hashes, MACs and key derivation in the kernel: bpf/test/hash_test.bpf.c. */

const BUILD = new URL('../../../build/bpf/', import.meta.url);
const ETHERNET_BYTES = 14;
const MESSAGE_BYTES = 9600;
const HEAD_BYTES = 256;
const EMPTY_FRAME = new Uint8Array(64);

/** Where the message comes from: a packet, or map memory, by a program of XDP or of a tracepoint. */
export type HashSource = 'xdp' | 'tc' | 'memory' | 'tracepoint';

export interface HashOptions {
  /** Default: memory, in XDP. */
  source?: HashSource;
  /** Of the message in the kernel's buffer, 0 to 256. Default 0. */
  at?: number;
}

export interface RatchetStep {
  /** 32 bytes. */
  readonly messageKey: Uint8Array;
  readonly next: Ratchet;
}

const NOTHING: HashCall = {
  function: HashFunction.HASH_SHA256,
  error: 0,
  offset: ETHERNET_BYTES,
  at: 0,
  length: 0,
  split: 0,
  keyLength: 0,
  saltLength: 0,
  tagLength: 0,
  outputLength: 0,
  linear: 0,
  runs: 0,
  tag: new Uint8Array(32),
  siphash: { k0: 0n, k1: 0n },
  ratchet: { chain: new Uint8Array(32), index: 0n },
  result: new Uint8Array(512),
};

/** Each method is one run of a program. Messages and keys have 0 to 9216 bytes. */
export class HashCrypto implements Disposable {
  readonly object = openObject<HashTestObject>(new URL('hash_test.bpf.o', BUILD)).load();
  readonly #call = this.object.maps.calls.view();
  readonly #messages = bytesOf(this.object.maps.messages.view());

  sha256(message: Uint8Array, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SHA256, message, 32, options);
  }

  /** First so many bytes of it, 0 to 256 in whole blocks, then the rest. */
  sha256InParts(message: Uint8Array, split: number, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SHA256_PARTS, message, 32, options, { split });
  }

  sha384(message: Uint8Array, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SHA384, message, 48, options);
  }

  sha512(message: Uint8Array, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SHA512, message, 64, options);
  }

  sha512InParts(message: Uint8Array, split: number, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SHA512_PARTS, message, 64, options, { split });
  }

  hmacSha256(key: Uint8Array, message: Uint8Array, options?: HashOptions): Uint8Array {
    this.#setKey(key);
    return this.#hash(HashFunction.HASH_HMAC_SHA256, message, 32, options, { keyLength: key.length });
  }

  /** The tag may be cut short, to 16 bytes at least. */
  hmacSha256Verify(key: Uint8Array, message: Uint8Array, tag: Uint8Array, options?: HashOptions): boolean {
    this.#setKey(key);
    const padded = new Uint8Array(32);
    padded.set(tag.subarray(0, 32));
    const fields = { keyLength: key.length, tag: padded, tagLength: tag.length };
    return this.#hash(HashFunction.HASH_HMAC_SHA256_TAG, message, 1, options, fields)[0] === 1;
  }

  /** At most 256 bytes of salt, 1024 of info, 512 of output. */
  hkdf(salt: Uint8Array, input: Uint8Array, info: Uint8Array, length: number, options?: HashOptions) {
    this.#setKey(salt);
    this.#setKey(input, HEAD_BYTES);
    const fields = { saltLength: salt.length, keyLength: input.length, outputLength: length };
    return this.#hash(HashFunction.HASH_HKDF, info, length, { ...options, at: HEAD_BYTES }, fields);
  }

  hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number, options?: HashOptions): Uint8Array {
    this.#setKey(prk);
    const fields = { keyLength: prk.length, outputLength: length };
    return this.#hash(HashFunction.HASH_HKDF_EXPAND, info, length, { ...options, at: HEAD_BYTES }, fields);
  }

  /** Key of 16 bytes; 8 bytes. */
  siphash64(key: Uint8Array, message: Uint8Array, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SIPHASH64, message, 8, options, { siphash: siphashKey(key) });
  }

  /** Key of 16 bytes; 16 bytes. */
  siphash128(key: Uint8Array, message: Uint8Array, options?: HashOptions): Uint8Array {
    return this.#hash(HashFunction.HASH_SIPHASH128, message, 16, options, { siphash: siphashKey(key) });
  }

  /** Undefined at the end of the chain. */
  ratchet(ratchet: Ratchet, { source = 'memory' }: HashOptions = {}): RatchetStep | undefined {
    const call = this.#run(source, new Uint8Array(), { function: HashFunction.HASH_RATCHET, ratchet });
    return call.error ? undefined : { messageKey: call.result.slice(0, 32), next: call.ratchet };
  }

  #setKey(key: Uint8Array, at = 0): void {
    this.#messages.set(key, MESSAGE_BYTES + at);
  }

  #hash(
    hash: HashFunction,
    message: Uint8Array,
    length: number,
    { source = 'memory', at = 0 }: HashOptions = {},
    fields: Partial<HashCall> = {},
  ): Uint8Array {
    const call = this.#run(source, message, { function: hash, at, length: message.length, ...fields });
    if (call.error) throw new RangeError(`hash: a message of ${message.length} bytes at ${at} was refused`);
    return call.result.slice(0, length);
  }

  #run(source: HashSource, message: Uint8Array, fields: Partial<HashCall>): HashCall {
    hashCallCodec.encode(this.#call, 0, { ...NOTHING, ...fields });
    const passed = this.#programs[source](message, fields.at ?? 0);
    if (!passed) throw new RangeError(`hash: no program takes a message of ${message.length} bytes`);
    return hashCallCodec.decode(this.#call, 0);
  }

  readonly #programs: Record<HashSource, (message: Uint8Array, at: number) => boolean> = {
    xdp: (message) => returns(this.object.programs.hash_xdp, 2, frameOf(message)),
    tc: (message) => returns(this.object.programs.hash_tc, 0, frameOf(message)),
    memory: (message, at) => {
      this.#messages.set(message, at);
      return returns(this.object.programs.hash_memory, 2, EMPTY_FRAME);
    },
    tracepoint: (message, at) => {
      this.#messages.set(message, at);
      return this.object.programs.hash_raw_tp.testRun().returnValue === 0;
    },
  };

  [Symbol.dispose](): void {
    this.object.close();
  }
}

function returns(program: Program, value: number, data: Uint8Array): boolean {
  return program.testRun({ data, outputSize: 0 }).returnValue === value;
}

/** The message as what an Ethernet frame carries. */
function frameOf(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(Math.max(ETHERNET_BYTES + message.length, EMPTY_FRAME.length));
  frame.set(message, ETHERNET_BYTES);
  return frame;
}

function siphashKey(key: Uint8Array): { k0: bigint; k1: bigint } {
  const view = new DataView(key.buffer, key.byteOffset, 16);
  return { k0: view.getBigUint64(0, true), k1: view.getBigUint64(8, true) };
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
