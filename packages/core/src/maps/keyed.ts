import type { Codec } from '../codec.js';
import { possibleCpus } from '../cpus.js';
import { BpfError } from '../errors.js';
import type { MapSpec } from '../spec.js';
import { type BatchMap, deleteBatch, lookupBatch, updateBatch } from './batch.js';
import { align8, Elements, type UpdateMode } from './elements.js';
import { BpfMap } from './map.js';

/** A map of keys to values, of whatever kind. */
export abstract class KeyedMap<K, V> extends BpfMap {
  readonly #elements: Elements;
  readonly #key: Codec<K>;
  readonly #value: Codec<V>;
  readonly #stride: number;

  constructor(spec: MapSpec, fd: number, key: Codec<K>, value: Codec<V>, stride: number) {
    super(spec, fd);
    this.#key = key;
    this.#value = value;
    this.#stride = stride;
    /* Where the value is, the next key of an iteration comes in as well. */
    this.#elements = new Elements(this.title, fd, key.size, Math.max(stride, key.size));
  }

  /** undefined: no such key. Throws ERR_BAD_VALUE for a key of another shape. */
  get(key: K): V | undefined {
    const { view, keyOffset, valueOffset } = this.#open();
    this.#key.encode(view, keyOffset, key);
    return this.#elements.lookup() ? this.#value.decode(view, valueOffset) : undefined;
  }

  /**
   * Throws ERR_MAP_FULL; ERR_EXISTS with mode 'create', ERR_NOT_FOUND with mode 'exist'; ERR_BAD_VALUE for a
   * key or value of another shape, and then nothing was changed.
   */
  set(key: K, value: V, { mode = 'any' }: { mode?: UpdateMode } = {}): void {
    const { view, keyOffset, valueOffset } = this.#open();
    this.#key.encode(view, keyOffset, key);
    this.#value.encode(view, valueOffset, value);
    this.#elements.update(mode);
  }

  /** False: no such key. */
  delete(key: K): boolean {
    const { view, keyOffset } = this.#open();
    this.#key.encode(view, keyOffset, key);
    return this.#elements.delete();
  }

  /**
   * The keys, in the kernel's order. While others change the map, a key may be missed or come twice, and an
   * iteration that begins anew too often ends with ERR_ITERATION_ABORTED: at most twice maxEntries steps.
   */
  *keys(): Generator<K> {
    const limit = 2 * this.maxEntries + 1;
    const current = new Uint8Array(this.#key.size);
    for (let step = 0; step < limit; step++) {
      const { memory, view, keyOffset, valueOffset } = this.#open();
      memory.bytes.set(current, keyOffset);
      if (!this.#elements.next(step === 0)) return;
      current.set(memory.bytes.subarray(valueOffset, valueOffset + current.length));
      yield this.#key.decode(view, valueOffset);
    }
    const message = `iteration over ${this.title} went on for more than ${limit} steps: it changes too fast`;
    throw new BpfError('ERR_ITERATION_ABORTED', message);
  }

  /** Keys with their values; what vanished in between is left out. See keys(). */
  *entries(): Generator<[K, V]> {
    for (const key of this.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  [Symbol.iterator](): Generator<[K, V]> {
    return this.entries();
  }

  /** All entries, with few system calls where the kernel has batches for this kind of map (5.6+). */
  getBatch(): [K, V][] {
    return lookupBatch(this.#batch()) ?? [...this.entries()];
  }

  /** Sets them all, in order; with few system calls where the kernel can. Throws ERR_MAP_FULL when some did not fit. */
  setBatch(entries: readonly (readonly [K, V])[]): void {
    if (updateBatch(this.#batch(), entries) !== undefined) return;
    for (const [key, value] of entries) this.set(key, value);
  }

  /** Deletes them; keys that are not there are passed over. Returns how many there were. */
  deleteBatch(keys: readonly K[]): number {
    try {
      const done = deleteBatch(this.#batch(), keys);
      if (done !== undefined) return done;
    } catch (error) {
      if (!(error instanceof BpfError) || error.code !== 'ERR_NOT_FOUND') throw error;
    }
    return keys.filter((key) => this.delete(key)).length;
  }

  #open(): Elements {
    void this.fd;
    return this.#elements;
  }

  #batch(): BatchMap<K, V> {
    return { title: this.title, fd: this.fd, key: this.#key, value: this.#value, valueStride: this.#stride };
  }
}

class PlainMap<K, V> extends KeyedMap<K, V> {
  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, spec.key as Codec<K>, spec.value as Codec<V>, spec.valueSize);
  }
}

/** BPF_MAP_TYPE_HASH. */
export class HashMap<K, V> extends PlainMap<K, V> {}

/** BPF_MAP_TYPE_LRU_HASH: when it is full, the least recently used entry makes room. */
export class LruHashMap<K, V> extends PlainMap<K, V> {}

/** BPF_MAP_TYPE_LPM_TRIE: keys begin with the length of their prefix in bits; get() finds the longest that fits. */
export class LpmTrie<K, V> extends PlainMap<K, V> {}

/** One value for each possible CPU, each at a multiple of 8 bytes. */
function perCpuCodec<V>(value: Codec<V>, title: string): Codec<V[]> {
  const stride = align8(value.size);
  const cpus = possibleCpus();
  return {
    size: stride * cpus,
    decode: (view, offset) =>
      Array.from({ length: cpus }, (_, cpu) => value.decode(view, offset + cpu * stride)),
    encode(view, offset, values) {
      if (values.length !== cpus) {
        const message = `${title}: ${values.length} values, expected one for each of ${cpus} possible CPUs`;
        throw new BpfError('ERR_BAD_VALUE', message);
      }
      for (const [cpu, item] of values.entries()) value.encode(view, offset + cpu * stride, item);
    },
  };
}

class PerCpuMap<K, V> extends KeyedMap<K, V[]> {
  constructor(spec: MapSpec, fd: number) {
    const value = perCpuCodec(spec.value as Codec<V>, `map ${spec.name}`);
    super(spec, fd, spec.key as Codec<K>, value, value.size);
  }
}

/** BPF_MAP_TYPE_PERCPU_HASH: a value is an array with one item for each possible CPU. */
export class PerCpuHashMap<K, V> extends PerCpuMap<K, V> {}

/** BPF_MAP_TYPE_LRU_PERCPU_HASH. */
export class LruPerCpuHashMap<K, V> extends PerCpuMap<K, V> {}

/** BPF_MAP_TYPE_PERCPU_ARRAY: keys are 0 to maxEntries - 1. */
export class PerCpuArrayMap<V> extends PerCpuMap<number, V> {
  /** Throws ERR_NOT_FOUND for an index that the array does not have. */
  at(index: number): V[] {
    return present(this.title, index, this.maxEntries, this.get(index));
  }
}

export function present<V>(title: string, index: number, length: number, value: V | undefined): V {
  if (value !== undefined) return value;
  throw new BpfError('ERR_NOT_FOUND', `${title} has ${length} elements, no element ${index}`);
}
