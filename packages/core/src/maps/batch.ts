import type { Codec } from '../codec.js';
import { possibleCpus } from '../cpus.js';
import { bpf, bpfError, Command, GrowingMemory } from '../ffi/bpf.js';
import { errno } from '../ffi/libc.js';
import { aborted, encode, updateError } from './elements.js';
import type { BpfMap, MapInfo } from './map.js';

const ATTRIBUTES_BYTES = 56;
const COUNT_FIELD = 32;
/** What one call reads at first. */
const FIRST_COUNT = 1024;
const FIRST_BYTES = 1 << 20;

const keys = new GrowingMemory();
const values = new GrowingMemory();
const cursors = new GrowingMemory();

type OpenMap = Pick<BpfMap, 'fd' | 'title' | 'maxEntries'>;

/** How elements lie in the kernel's arrays; of a per-CPU map, all values of an element together. */
export interface BatchCodecs<K, V> {
  readonly key: Codec<K>;
  readonly value: Codec<V>;
}

/** Of an element, in bytes. */
interface Sizes {
  readonly key: { readonly size: number };
  readonly value: { readonly size: number };
}

/** Whether result says that this kernel has no such operation for this kind of map. */
function isUnsupported(result: number): boolean {
  return [errno.EOPNOTSUPP, errno.ENOTSUPP, errno.EINVAL].some((code) => result === -code);
}

/** Count elements from first on, which lie in keys and values. done: how many the kernel got through. */
function call(
  map: OpenMap,
  { key, value }: Sizes,
  command: number,
  count: number,
  { first = 0, cursorIn = 0n, cursorOut = 0n } = {},
): { result: number; done: number } {
  const keyAddress = keys.atLeast((first + count) * key.size).address + BigInt(first * key.size);
  const valueAddress = values.atLeast((first + count) * value.size).address + BigInt(first * value.size);
  let done = 0;
  const result = bpf(
    command,
    ATTRIBUTES_BYTES,
    (view) => {
      view.setBigUint64(0, cursorIn, true);
      view.setBigUint64(8, cursorOut, true);
      view.setBigUint64(16, keyAddress, true);
      if (command !== Command.MAP_DELETE_BATCH) view.setBigUint64(24, valueAddress, true);
      view.setUint32(COUNT_FIELD, count, true);
      view.setUint32(36, map.fd, true);
    },
    (view) => {
      done = view.getUint32(COUNT_FIELD, true);
    },
  );
  return { result, done };
}

/** False: the kernel cannot, and the caller goes one by one. */
export function updateBatch<K, V>(
  map: BpfMap,
  codecs: BatchCodecs<K, V>,
  entries: readonly (readonly [K, V])[],
): boolean {
  const { key, value } = codecs;
  const keyView = keys.atLeast(Math.max(1, entries.length * key.size)).view;
  const valueView = values.atLeast(Math.max(1, entries.length * value.size)).view;
  entries.forEach(([k, v], i) => {
    encode(map, key, keyView, i * key.size, k);
    encode(map, value, valueView, i * value.size, v);
  });
  return update(map, codecs, entries.length);
}

/** The same of keys that lie one behind the other as the kernel has them, all with the same value. */
export function updateKeys<K, V>(
  map: BpfMap,
  codecs: BatchCodecs<K, V>,
  packed: Uint8Array,
  common: V,
): boolean {
  const { key, value } = codecs;
  const count = packed.length / key.size;
  const valueView = values.atLeast(Math.max(1, packed.length / key.size) * value.size).view;
  keys.atLeast(Math.max(1, packed.length)).bytes.set(packed);
  for (let i = 0; i < count; i++) encode(map, value, valueView, i * value.size, common);
  return update(map, codecs, count);
}

function update<K, V>(map: BpfMap, codecs: BatchCodecs<K, V>, count: number): boolean {
  if (count === 0) return true;
  const { result } = call(map, codecs, Command.MAP_UPDATE_BATCH, count);
  if (isUnsupported(result)) return false;
  if (result < 0) throw updateError(map.title, result);
  return true;
}

/** How many there were; undefined: the kernel cannot. It stops at a key that is not there: we go on behind it. */
export function deleteBatch<K, V>(
  map: BpfMap,
  codecs: BatchCodecs<K, V>,
  toDelete: readonly K[],
): number | undefined {
  const keyView = keys.atLeast(Math.max(1, toDelete.length * codecs.key.size)).view;
  toDelete.forEach((k, i) => {
    encode(map, codecs.key, keyView, i * codecs.key.size, k);
  });
  let deleted = 0;
  for (let first = 0; first < toDelete.length; first++) {
    const count = toDelete.length - first;
    const { result, done } = call(map, codecs, Command.MAP_DELETE_BATCH, count, { first });
    if (first === 0 && isUnsupported(result)) return undefined;
    if (result < 0 && result !== -errno.ENOENT) throw bpfError(`deleting from ${map.title}`, result);
    deleted += done;
    first += done;
  }
  return deleted;
}

/** All elements; undefined when the kernel cannot. */
export function lookupBatch<K, V>(map: BpfMap, codecs: BatchCodecs<K, V>): [K, V][] | undefined {
  const found: [K, V][] = [];
  const isDone = walk(map, codecs, Command.MAP_LOOKUP_BATCH, (count, done) => {
    decode(codecs, count, done, found);
  });
  return isDone ? found : undefined;
}

/** How many elements there are; undefined when the kernel cannot tell so many at a time. */
export function countElements(map: OpenMap & MapInfo): number | undefined {
  const isPerCpu = String(map.type).includes('percpu');
  const size = isPerCpu ? Math.ceil(map.valueSize / 8) * 8 * possibleCpus() : map.valueSize;
  let total = 0;
  const isDone = walk(
    map,
    { key: { size: map.keySize }, value: { size } },
    Command.MAP_LOOKUP_BATCH,
    (_, done) => {
      total += done;
    },
  );
  return isDone ? total : undefined;
}

/** Deletes all elements; false: the kernel cannot. */
export function clearBatch<K, V>(map: BpfMap, codecs: BatchCodecs<K, V>): boolean {
  return walk(map, codecs, Command.MAP_LOOKUP_AND_DELETE_BATCH, () => {});
}

/**
 * Goes over all elements, a batch at a time. A bucket that does not fit a batch (ENOSPC) is asked for again with a
 * larger one; where a key vanished meanwhile (EINTR), we go on. False: the kernel cannot.
 */
function walk(
  map: OpenMap,
  codecs: Sizes,
  command: number,
  visit: (count: number, done: number) => void,
): boolean {
  const { key, value } = codecs;
  const cursorBytes = Math.max(8, key.size);
  const cursor = cursors.atLeast(2 * cursorBytes);
  const cursorOut = cursor.address + BigInt(cursorBytes);
  const limit = 2 * map.maxEntries + 1;
  let count = Math.max(1, Math.min(FIRST_COUNT, map.maxEntries, Math.floor(FIRST_BYTES / value.size)));
  let cursorIn = 0n;
  for (let step = 0, seen = 0; step < limit && seen < limit; step++) {
    const { result, done } = call(map, codecs, command, count, { cursorIn, cursorOut });
    if (result === -errno.ENOSPC && count < map.maxEntries) {
      count = Math.min(4 * count, map.maxEntries);
      continue;
    }
    if (step === 0 && isUnsupported(result)) return false;
    const isOver = result === -errno.ENOENT;
    if (result < 0 && !isOver && result !== -errno.EINTR) throw bpfError(`reading ${map.title}`, result);
    visit(count, done);
    seen += done;
    if (isOver) return true;
    if (result === -errno.EINTR && done === 0) continue;
    cursor.bytes.copyWithin(0, cursorBytes, 2 * cursorBytes);
    cursorIn = cursor.address;
  }
  throw aborted(map.title, limit);
}

function decode<K, V>({ key, value }: BatchCodecs<K, V>, count: number, done: number, found: [K, V][]): void {
  const keyView = keys.atLeast(count * key.size).view;
  const valueView = values.atLeast(count * value.size).view;
  for (let i = 0; i < done; i++) {
    found.push([key.decode(keyView, i * key.size), value.decode(valueView, i * value.size)]);
  }
}
