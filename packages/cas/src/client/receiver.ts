import { type AnyId, cidOfDigest, digestOf, ID_BYTES } from './cid.js';
import { CasError } from './errors.js';
import { checkInteger, equalBytes } from './guards.js';
import { chunkCount, decodeFields, FIELDS_BYTES, type Manifest, manifestId } from './manifest.js';
import { decodePacket, type Packet, verifyPacket } from './packet.js';
import { Came, type Range } from './ranges.js';

/** Where content goes: a file, an IndexedDB, memory. */
export interface Sink {
  /** Puts the bytes at that position. They are a view of the packet: copy what is to stay. */
  write(position: number, bytes: Uint8Array): void | Promise<void>;
}

export interface ReceiverOptions {
  /** Default: memory, see `bytes()`. */
  sink?: Sink;
  /** Bytes of the largest content that is taken. Default: 256 MiB in memory, no limit with a sink. */
  maxBytes?: number;
  /** What `state()` gave before: goes on from there. It is believed, and what it names is not asked for again. */
  state?: Uint8Array;
  /**
   * Whether packets are hashed. Default true. false is for packets that a `ContentVerifier` on this machine has let
   * through: they are hashed already, and nothing else comes in by that port.
   */
  verify?: boolean;
}

const MEMORY_BYTES = 256 * 2 ** 20;
const STATE_VERSION = 1;
const STATE_HEADER_BYTES = 1 + ID_BYTES + FIELDS_BYTES;

/**
 * Puts packets, in whatever order they come, together to content. What is not of this content, not right, or here
 * already, changes nothing.
 */
export class Receiver {
  readonly #id: Uint8Array;
  readonly #sink: Sink;
  readonly #memory: MemorySink | undefined;
  readonly #maxBytes: number;
  readonly #read: (packet: Uint8Array) => Packet;
  /** Of the manifest, when it comes in chunks. */
  #fields: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;
  #came: Came | undefined;

  constructor(id: AnyId, options: ReceiverOptions = {}) {
    this.#id = digestOf(id).slice();
    this.#memory = options.sink ? undefined : new MemorySink();
    this.#sink = options.sink ?? this.#memory!;
    this.#maxBytes = options.maxBytes ?? (options.sink ? Number.MAX_SAFE_INTEGER : MEMORY_BYTES);
    checkInteger('maxBytes', this.#maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.#read = options.verify === false ? decodePacket : verifyPacket;
    if (options.state) this.#resume(options.state);
  }

  /**
   * Takes a packet: true when it brought something new, which has been written by then. Throws ERR_CAS_PACKET for a
   * packet that is not what its id says, ERR_CAS_SIZE for content that is too large, and what the sink throws.
   */
  async accept(packet: Uint8Array): Promise<boolean> {
    const read = this.#read(packet);
    if (!equalBytes(read.id, this.#id)) return false;
    if (!this.#came) this.#begin(read);
    const { index, position, bytes } = placeOf(read);
    const came = this.#came!;
    if (index >= came.count || came.has(index)) return false;
    await this.#sink.write(position, bytes);
    return came.add(index);
  }

  /** Bytes of the content; undefined until a packet of it has come. */
  get size(): number | undefined {
    return this.#came && this.#size;
  }

  get isComplete(): boolean {
    return this.#came?.missing === 0;
  }

  /** How many chunks have not come; undefined until one has. */
  get missingCount(): number | undefined {
    return this.#came?.missing;
  }

  /** Which chunks have not come, for the sender; no more than limit ranges. Before any has: all there could be. */
  missing(limit = Number.POSITIVE_INFINITY): Range[] {
    return this.#came?.ranges(limit) ?? [{ first: 0, end: 2 ** 32 }];
  }

  /**
   * What has come, to go on another time: see `ReceiverOptions.state`. undefined when there is nothing to go on with: before
   * the first packet, and for content that is one packet.
   */
  state(): Uint8Array | undefined {
    if (!this.#came || !this.#fields) return undefined;
    const state = new Uint8Array(STATE_HEADER_BYTES + this.#came.bits.length);
    state[0] = STATE_VERSION;
    state.set(this.#id, 1);
    state.set(this.#fields, 1 + ID_BYTES);
    state.set(this.#came.bits, STATE_HEADER_BYTES);
    return state;
  }

  /** The content, when it went to memory. Throws ERR_CAS_INCOMPLETE. */
  bytes(): Uint8Array {
    if (!this.#memory) throw new TypeError('the content went to a sink, not to memory');
    if (this.isComplete) return this.#memory.bytes;
    const title = `${cidOfDigest(this.#id)}`;
    throw new CasError('ERR_CAS_INCOMPLETE', `${title} lacks ${this.missingCount ?? 'all'} chunks`);
  }

  /** The first packet says how much there is. */
  #begin(packet: Packet): void {
    const { size, count } = extentOf(packet);
    this.#reserve(size);
    if (packet.type === 'chunk') this.#fields = packet.fields.slice();
    this.#came = new Came(count);
  }

  #reserve(size: number): void {
    if (size > this.#maxBytes) {
      const title = `${cidOfDigest(this.#id)}`;
      throw new CasError('ERR_CAS_SIZE', `${title} has ${size} bytes, this receiver takes ${this.#maxBytes}`);
    }
    this.#memory?.reserve(size);
    this.#size = size;
  }

  #resume(state: Uint8Array): void {
    if (this.#memory) throw new TypeError('what went to memory is gone: a state goes with a sink');
    const { manifest, fields, bits } = readState(state, this.#id);
    this.#reserve(manifest.size);
    this.#fields = fields;
    this.#came = new Came(chunkCount(manifest), bits);
  }
}

class MemorySink implements Sink {
  bytes = new Uint8Array();

  reserve(size: number): void {
    this.bytes = new Uint8Array(size);
  }

  write(position: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, position);
  }
}

function placeOf(packet: Packet): { index: number; position: number; bytes: Uint8Array } {
  if (packet.type === 'content') return { index: 0, position: 0, bytes: packet.content };
  const { index, manifest, chunk } = packet;
  return { index, position: index * manifest.chunkBytes, bytes: chunk };
}

function extentOf(packet: Packet): { size: number; count: number } {
  if (packet.type === 'content') return { size: packet.content.length, count: 1 };
  return { size: packet.manifest.size, count: chunkCount(packet.manifest) };
}

/** Throws ERR_CAS_STATE for what is not a state of that content. */
function readState(
  state: Uint8Array,
  id: Uint8Array,
): { manifest: Manifest; fields: Uint8Array<ArrayBuffer>; bits: Uint8Array<ArrayBuffer> } {
  const bad = (why: string) =>
    new CasError('ERR_CAS_STATE', `this is no state of ${cidOfDigest(id)}: ${why}`);
  if (state.length < STATE_HEADER_BYTES || state[0] !== STATE_VERSION) throw bad('it begins otherwise');
  const fields = state.slice(1 + ID_BYTES, STATE_HEADER_BYTES);
  if (!equalBytes(state.subarray(1, 1 + ID_BYTES), id) || !equalBytes(manifestId(fields), id))
    throw bad('it is of other content');
  const manifest = decodeFields(fields);
  const bits = state.slice(STATE_HEADER_BYTES);
  if (bits.length !== Math.ceil(chunkCount(manifest) / 8)) throw bad('it is cut');
  return { manifest, fields, bits };
}
