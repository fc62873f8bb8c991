import { BpfError, type BpfErrorCode } from '../errors.js';
import { bpfSyscall, errno, errnoName, mapAnonymous } from './libc.js';

/*
 * bpf(2), on memory outside of the JavaScript heap: attributes and data are written into one arena whose
 * addresses never change, so a call costs one crossing and no conversion. Calls are synchronous, and each
 * writes what it needs right before it: the arena is shared by all handles of a thread.
 */

export const Command = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  MAP_GET_NEXT_KEY: 4,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  OBJ_GET: 7,
  PROG_TEST_RUN: 10,
  PROG_GET_NEXT_ID: 11,
  PROG_GET_FD_BY_ID: 13,
  OBJ_GET_INFO_BY_FD: 15,
  RAW_TRACEPOINT_OPEN: 17,
  MAP_LOOKUP_BATCH: 24,
  MAP_LOOKUP_AND_DELETE_BATCH: 25,
  MAP_UPDATE_BATCH: 26,
  MAP_DELETE_BATCH: 27,
  LINK_CREATE: 28,
  LINK_UPDATE: 29,
  ENABLE_STATS: 32,
  LINK_DETACH: 34,
} as const;

/** A piece of memory at a fixed address. */
export class Memory {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(length: number) {
    const { address, buffer } = mapAnonymous(length);
    this.address = address;
    this.bytes = new Uint8Array(buffer, 0, length);
    this.view = new DataView(buffer, 0, length);
  }
}

/**
 * Memory that grows to the largest size that was ever asked for. What it was before stays valid until the caller
 * goes back to the event loop, for only then are mappings let go of.
 */
export class GrowingMemory {
  #memory: Memory | undefined;

  atLeast(length: number): Memory {
    if (!this.#memory || this.#memory.bytes.length < length) {
      this.#memory = new Memory(Math.max(4096, 2 ** Math.ceil(Math.log2(length))));
    }
    return this.#memory;
  }
}

const ATTRIBUTES_BYTES = 160;
const attributes = new Memory(4096);

/**
 * Writes attributes by their offsets in union bpf_attr, from zeros, and calls; read sees what the kernel wrote to
 * them. Returns the result or -errno.
 */
export function bpf(
  command: number,
  size: number,
  write: (view: DataView) => void,
  read?: (view: DataView) => void,
): number {
  attributes.bytes.fill(0, 0, ATTRIBUTES_BYTES);
  write(attributes.view);
  const result = bpfSyscall(command, attributes.address, size);
  read?.(attributes.view);
  return result;
}

const CODES: Partial<Record<number, BpfErrorCode>> = {
  [errno.EPERM]: 'ERR_PERMISSION',
  [errno.EACCES]: 'ERR_PERMISSION',
  [errno.ENOENT]: 'ERR_NOT_FOUND',
  [errno.E2BIG]: 'ERR_MAP_FULL',
  [errno.EBUSY]: 'ERR_BUSY',
  [errno.EEXIST]: 'ERR_EXISTS',
  [errno.ENODEV]: 'ERR_NO_INTERFACE',
  [errno.EOPNOTSUPP]: 'ERR_NOT_SUPPORTED',
  [errno.ENOTSUPP]: 'ERR_NOT_SUPPORTED',
};

/** The error for a negative result of doing what. */
export function bpfError(what: string, result: number): BpfError {
  const code = CODES[-result] ?? 'ERR_SYSCALL';
  const hint = -result === errno.EPERM ? ': needs CAP_BPF and CAP_NET_ADMIN, or root' : '';
  return new BpfError(code, `${what}: ${errnoName(-result)}${hint}`, { errno: -result });
}

/** Throws for a negative result, else returns it. */
export function check(what: string, result: number): number {
  if (result < 0) throw bpfError(what, result);
  return result;
}

const text = new GrowingMemory();

/** A C string in memory that is good until the next call of this function. */
export function cString(value: string): bigint {
  const bytes = new TextEncoder().encode(value);
  const memory = text.atLeast(bytes.length + 1);
  memory.bytes.set(bytes);
  memory.bytes[bytes.length] = 0;
  return memory.address;
}

const info = new Memory(4096);

/**
 * bpf_obj_get_info_by_fd: a view of the kernel's struct of size bytes, good until the next call. ask: writes what it asks
 * for, such as where an array is to go.
 */
export function infoOf(what: string, fd: number, size: number, ask?: (view: DataView) => void): DataView {
  info.bytes.fill(0, 0, size);
  ask?.(info.view);
  const result = bpf(Command.OBJ_GET_INFO_BY_FD, 16, (view) => {
    view.setUint32(0, fd, true);
    view.setUint32(4, size, true);
    view.setBigUint64(8, info.address, true);
  });
  check(`reading info of ${what}`, result);
  return info.view;
}

/** A name in such a struct. */
export function nameIn(view: DataView, offset: number, length: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end < 0 ? length : end));
}
