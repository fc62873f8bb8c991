import type { Codec } from '../codec.js';
import { bpf, bpfError, Command, GrowingMemory } from '../ffi/bpf.js';
import { errno } from '../ffi/libc.js';

const SIZE = 56;
const FIRST_COUNT = 1024;
const MAX_COUNT = 1 << 20;

const keys = new GrowingMemory();
const values = new GrowingMemory();
const cursors = new GrowingMemory();

/** Which map, and how its elements lie in the kernel's arrays. */
export interface BatchMap<K, V> {
  readonly title: string;
  readonly fd: number;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  /** In bytes; for a per-CPU map of all CPUs together. */
  readonly valueStride: number;
}

/** Whether result says that this kernel has no such operation for this kind of map. */
function isUnsupported(result: number): boolean {
  return [errno.EOPNOTSUPP, errno.ENOTSUPP, errno.EINVAL].some((code) => result === -code);
}

/** Done, so many elements; or undefined when the kernel cannot, and the caller goes one by one. */
function writeBatch<K, V>(
  map: BatchMap<K, V>,
  command: number,
  entries: readonly (readonly [K, V?])[],
  what: string,
) {
  if (entries.length === 0) return 0;
  const keyMemory = keys.atLeast(entries.length * map.key.size);
  const valueMemory = values.atLeast(entries.length * map.valueStride);
  entries.forEach(([key, value], i) => {
    map.key.encode(keyMemory.view, i * map.key.size, key);
    if (value !== undefined) map.value.encode(valueMemory.view, i * map.valueStride, value);
  });
  const result = bpf(command, SIZE, (view) => {
    view.setBigUint64(16, keyMemory.address, true);
    view.setBigUint64(24, valueMemory.address, true);
    view.setUint32(32, entries.length, true);
    view.setUint32(36, map.fd, true);
  });
  if (result === 0) return entries.length;
  if (isUnsupported(result)) return undefined;
  throw bpfError(`${what} ${entries.length} elements of ${map.title}`, result);
}

export function updateBatch<K, V>(
  map: BatchMap<K, V>,
  entries: readonly (readonly [K, V])[],
): number | undefined {
  return writeBatch(map, Command.MAP_UPDATE_BATCH, entries, 'setting');
}

export function deleteBatch<K, V>(map: BatchMap<K, V>, toDelete: readonly K[]): number | undefined {
  const entries = toDelete.map((key): [K] => [key]);
  return writeBatch(map, Command.MAP_DELETE_BATCH, entries, 'deleting');
}

/**
 * All elements, a batch at a time; undefined when the kernel cannot. A bucket that does not fit a batch
 * (ENOSPC) is asked for again with a larger one.
 */
export function lookupBatch<K, V>(map: BatchMap<K, V>): [K, V][] | undefined {
  const cursorBytes = Math.max(8, map.key.size);
  const cursor = cursors.atLeast(2 * cursorBytes);
  const found: [K, V][] = [];
  for (let count = FIRST_COUNT, first = true; ; ) {
    const { result, filled } = lookupOnce(map, count, first, cursor.address, cursorBytes);
    if (result === -errno.ENOSPC && count < MAX_COUNT) {
      count *= 4;
      continue;
    }
    if (first && isUnsupported(result)) return undefined;
    if (result < 0 && result !== -errno.ENOENT) throw bpfError(`reading ${map.title}`, result);
    decodeBatch(map, filled, found);
    if (result === -errno.ENOENT) return found;
    cursor.bytes.copyWithin(0, cursorBytes, 2 * cursorBytes);
    first = false;
  }
}

function lookupOnce<K, V>(
  map: BatchMap<K, V>,
  count: number,
  first: boolean,
  cursor: bigint,
  cursorBytes: number,
) {
  const keyMemory = keys.atLeast(count * map.key.size);
  const valueMemory = values.atLeast(count * map.valueStride);
  let attributes: DataView | undefined;
  const result = bpf(Command.MAP_LOOKUP_BATCH, SIZE, (view) => {
    if (!first) view.setBigUint64(0, cursor, true);
    view.setBigUint64(8, cursor + BigInt(cursorBytes), true);
    view.setBigUint64(16, keyMemory.address, true);
    view.setBigUint64(24, valueMemory.address, true);
    view.setUint32(32, count, true);
    view.setUint32(36, map.fd, true);
    attributes = view;
  });
  return { result, filled: attributes!.getUint32(32, true) };
}

function decodeBatch<K, V>(map: BatchMap<K, V>, count: number, found: [K, V][]): void {
  const keyView = keys.atLeast(count * map.key.size).view;
  const valueView = values.atLeast(count * map.valueStride).view;
  for (let i = 0; i < count; i++) {
    found.push([map.key.decode(keyView, i * map.key.size), map.value.decode(valueView, i * map.valueStride)]);
  }
}
