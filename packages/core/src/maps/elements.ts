import type { Codec } from '../codec.js';
import { BpfError } from '../errors.js';
import { bpfError, Command, Memory } from '../ffi/bpf.js';
import { bpfSyscall, errno } from '../ffi/libc.js';
import type { Handle } from '../handle.js';

const ATTRIBUTES_BYTES = 32;
const KEY_FIELD = 8;
const VALUE_FIELD = 16;
const FLAGS_FIELD = 24;
/** Up to the key: the kernel refuses a deletion with a value. */
const DELETE_BYTES = 16;

/** BPF_ANY, BPF_NOEXIST, BPF_EXIST */
export type UpdateMode = 'any' | 'create' | 'exist';
const MODES: Record<UpdateMode, bigint> = { any: 0n, create: 1n, exist: 2n };

/**
 * The element operations of one map. Its attributes, a key and a value lie in one piece of memory: the caller
 * writes a key at keyOffset and a value at valueOffset, and calls. Each call throws ERR_CLOSED once the map is.
 */
export class Elements {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly keyOffset = ATTRIBUTES_BYTES;
  readonly valueOffset: number;
  readonly #map: Handle;
  readonly #address: bigint;

  /** keyBytes and valueBytes must be the kernel's: it writes that many. */
  constructor(map: Handle, keyBytes: number, valueBytes: number) {
    this.#map = map;
    this.valueOffset = ATTRIBUTES_BYTES + align8(keyBytes);
    const { view, bytes, address } = new Memory(this.valueOffset + align8(Math.max(keyBytes, valueBytes)));
    this.view = view;
    this.bytes = bytes;
    this.#address = address;
    this.#setKeyAddress(this.keyOffset);
    view.setBigUint64(VALUE_FIELD, address + BigInt(this.valueOffset), true);
  }

  /** Reads the value of the key into place. False: no such key. */
  lookup(): boolean {
    return this.#found(this.#call(Command.MAP_LOOKUP_ELEM), 'looking up in');
  }

  /** Throws ERR_MAP_FULL, ERR_EXISTS, ERR_NOT_FOUND. */
  update(mode: UpdateMode): void {
    this.view.setBigUint64(FLAGS_FIELD, MODES[mode], true);
    const result = this.#call(Command.MAP_UPDATE_ELEM);
    this.view.setBigUint64(FLAGS_FIELD, 0n, true);
    if (result < 0) throw updateError(this.#map.title, result);
  }

  /** False: no such key. */
  delete(): boolean {
    return this.#found(this.#call(Command.MAP_DELETE_ELEM, DELETE_BYTES), 'deleting from');
  }

  /** Puts the key that comes after the one in place (or the first, from nothing) where the value is. */
  next(fromNothing: boolean): boolean {
    if (fromNothing) this.view.setBigUint64(KEY_FIELD, 0n, true);
    const result = this.#call(Command.MAP_GET_NEXT_KEY);
    if (fromNothing) this.#setKeyAddress(this.keyOffset);
    return this.#found(result, 'iterating over');
  }

  #call(command: number, bytes = ATTRIBUTES_BYTES): number {
    this.view.setUint32(0, this.#map.fd, true);
    return bpfSyscall(command, this.#address, bytes);
  }

  #found(result: number, what: string): boolean {
    if (result === 0) return true;
    if (result === -errno.ENOENT) return false;
    throw bpfError(`${what} ${this.#map.title}`, result);
  }

  #setKeyAddress(offset: number): void {
    this.view.setBigUint64(KEY_FIELD, this.#address + BigInt(offset), true);
  }
}

/** The error for an update that failed. Hash maps are full with E2BIG, tries with ENOSPC. */
export function updateError(title: string, result: number): BpfError {
  const code = -result;
  if (code === errno.E2BIG || code === errno.ENOSPC) {
    return new BpfError('ERR_MAP_FULL', `${title} is full, or has no such index`, { errno: code });
  }
  if (code === errno.EEXIST) return new BpfError('ERR_EXISTS', `${title} has that key`, { errno: code });
  return bpfError(`updating ${title}`, result);
}

/** Codecs name the field that is wrong, but may stumble over what is no object at all. */
export function encode<T>(map: Handle, codec: Codec<T>, view: DataView, offset: number, value: T): void {
  try {
    codec.encode(view, offset, value);
  } catch (cause) {
    if (cause instanceof BpfError) throw cause;
    const message = `${map.title}: a key or value of another shape: ${(cause as Error).message}`;
    throw new BpfError('ERR_BAD_VALUE', message, { cause });
  }
}

export function aborted(title: string, limit: number): BpfError {
  const message = `iteration over ${title} went on for more than ${limit} steps: it changes too fast`;
  return new BpfError('ERR_ITERATION_ABORTED', message);
}

export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}
