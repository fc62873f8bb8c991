import { BpfError } from '../errors.js';
import { bpfError, Command, Memory } from '../ffi/bpf.js';
import { bpfSyscall, errno } from '../ffi/libc.js';

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
 * writes a key at keyOffset and a value at valueOffset, and calls.
 */
export class Elements {
  readonly memory: Memory;
  readonly keyOffset = ATTRIBUTES_BYTES;
  readonly valueOffset: number;
  readonly #title: string;

  constructor(title: string, fd: number, keyBytes: number, valueBytes: number) {
    this.#title = title;
    this.valueOffset = ATTRIBUTES_BYTES + align8(keyBytes);
    this.memory = new Memory(this.valueOffset + align8(valueBytes));
    const { view, address } = this.memory;
    view.setUint32(0, fd, true);
    view.setBigUint64(KEY_FIELD, address + BigInt(this.keyOffset), true);
    view.setBigUint64(VALUE_FIELD, address + BigInt(this.valueOffset), true);
  }

  get view(): DataView {
    return this.memory.view;
  }

  /** Reads the value of the key into place. False: no such key. */
  lookup(): boolean {
    const result = this.#call(Command.MAP_LOOKUP_ELEM);
    if (result === 0) return true;
    if (result === -errno.ENOENT) return false;
    throw bpfError(`looking up in ${this.#title}`, result);
  }

  update(mode: UpdateMode): void {
    this.view.setBigUint64(FLAGS_FIELD, MODES[mode], true);
    const result = this.#call(Command.MAP_UPDATE_ELEM);
    this.view.setBigUint64(FLAGS_FIELD, 0n, true);
    if (result < 0) throw this.#updateError(result, mode);
  }

  /** False: no such key. */
  delete(): boolean {
    const result = this.#call(Command.MAP_DELETE_ELEM, DELETE_BYTES);
    if (result === 0) return true;
    if (result === -errno.ENOENT) return false;
    throw bpfError(`deleting from ${this.#title}`, result);
  }

  /** Puts the key that comes after the one in place (or the first, from nothing) where the value is. */
  next(fromNothing: boolean): boolean {
    const { view, memory } = this;
    if (fromNothing) view.setBigUint64(KEY_FIELD, 0n, true);
    const result = this.#call(Command.MAP_GET_NEXT_KEY);
    if (fromNothing) view.setBigUint64(KEY_FIELD, memory.address + BigInt(this.keyOffset), true);
    if (result === 0) return true;
    if (result === -errno.ENOENT) return false;
    throw bpfError(`iterating over ${this.#title}`, result);
  }

  #call(command: number, bytes = ATTRIBUTES_BYTES): number {
    return bpfSyscall(command, this.memory.address, bytes);
  }

  #updateError(result: number, mode: UpdateMode): BpfError {
    const code = -result;
    if (code === errno.E2BIG || (code === errno.ENOSPC && mode !== 'exist')) {
      return new BpfError('ERR_MAP_FULL', `${this.#title} is full`, { errno: code });
    }
    if (code === errno.EEXIST)
      return new BpfError('ERR_EXISTS', `${this.#title} has that key`, { errno: code });
    return bpfError(`updating ${this.#title}`, result);
  }
}

export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}
