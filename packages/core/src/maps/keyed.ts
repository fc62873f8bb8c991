import type { Codec } from '../codec.js';
import { BpfError } from '../errors.js';
import { clearBatch, deleteBatch, lookupBatch, updateBatch, updateKeys } from './batch.js';
import { aborted, Elements, encode, type UpdateMode } from './elements.js';
import { BpfMap } from './map.js';
import { perCpuCodec } from './per-cpu.js';

/** How keys and values become bytes, and where those lie. */
interface Access<K, V> {
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly elements: Elements;
}

/** A map of keys to values, of whatever kind. */
export abstract class KeyedMap<K, V> extends BpfMap {
  #access: Access<K, V> | undefined;

  /** undefined: no such key. Throws ERR_BAD_VALUE for a key of another shape. */
  get(key: K): V | undefined {
    const { elements, value } = this.#place(key);
    return elements.lookup() ? value.decode(elements.view, elements.valueOffset) : undefined;
  }

  /**
   * Throws ERR_MAP_FULL; ERR_EXISTS with mode 'create', ERR_NOT_FOUND with mode 'exist'; ERR_BAD_VALUE for a
   * key or value of another shape, and then nothing was changed.
   */
  set(key: K, value: V, { mode = 'any' }: { mode?: UpdateMode } = {}): void {
    const { elements, value: codec } = this.#place(key);
    encode(this, codec, elements.view, elements.valueOffset, value);
    elements.update(mode);
  }

  /**
   * The keys, in the kernel's order. While others change the map, a key may be missed or come twice, and an
   * iteration that begins anew too often ends with ERR_ITERATION_ABORTED: at most twice maxEntries steps.
   */
  *keys(): Generator<K> {
    const { elements, key } = this.#open();
    const limit = 2 * this.maxEntries + 1;
    const current = new Uint8Array(key.size);
    for (let step = 0; step < limit; step++) {
      elements.bytes.set(current, elements.keyOffset);
      if (!elements.next(step === 0)) return;
      current.set(elements.bytes.subarray(elements.valueOffset, elements.valueOffset + current.length));
      yield key.decode(elements.view, elements.valueOffset);
    }
    throw aborted(this.title, limit);
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

  /** All entries, with few system calls where the kernel has batches for this kind of map (5.6+). See keys(). */
  getBatch(): [K, V][] {
    return lookupBatch(this, this.#open()) ?? [...this.entries()];
  }

  /**
   * Sets them all, in order; with few system calls where the kernel can. Throws ERR_MAP_FULL when some did not
   * fit: those before are set.
   */
  setBatch(entries: readonly (readonly [K, V])[]): void {
    if (updateBatch(this, this.#open(), entries)) return;
    for (const [key, value] of entries) this.set(key, value);
  }

  /**
   * Sets all of these keys, which lie one behind the other as the kernel has them, to one value: for so many that an
   * object for each would cost more than the kernel takes. Throws as setBatch(), and ERR_BAD_VALUE for a part of a key.
   */
  setKeys(packed: Uint8Array, value: V): void {
    const { size } = this.#open().key;
    if (packed.length % size !== 0) {
      const message = `${this.title}: keys are ${packed.length} bytes, expected a multiple of ${size}`;
      throw new BpfError('ERR_BAD_VALUE', message);
    }
    if (updateKeys(this, this.#open(), packed, value)) return;
    const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
    for (let at = 0; at < packed.length; at += size) this.set(this.#open().key.decode(view, at), value);
  }

  /** For those kinds of map that can. False: no such key. */
  protected deleteOne(key: K): boolean {
    return this.#place(key).elements.delete();
  }

  /** Returns how many there were. */
  protected deleteMany(keys: readonly K[]): number {
    return deleteBatch(this, this.#open(), keys) ?? keys.filter((key) => this.deleteOne(key)).length;
  }

  protected deleteAll(): void {
    if (!clearBatch(this, this.#open())) this.deleteMany([...this.keys()]);
  }

  /** Of a whole element. */
  protected valueCodec(): Codec<V> {
    return this.spec.value as Codec<V>;
  }

  /** Not before it is used: a map that user space leaves alone may hold what has no codec. */
  #open(): Access<K, V> {
    void this.fd;
    this.#access ??= this.#prepare();
    return this.#access;
  }

  #prepare(): Access<K, V> {
    const key = this.spec.key as Codec<K>;
    const value = this.valueCodec();
    if (key.size !== this.spec.keySize || this.spec.value.size !== this.spec.valueSize) {
      const message = `${this.title}: its codecs are of other sizes than its keys and values`;
      throw new BpfError('ERR_INCOMPATIBLE', message);
    }
    return { key, value, elements: new Elements(this, key.size, value.size) };
  }

  #place(key: K): Access<K, V> {
    const access = this.#open();
    encode(this, access.key, access.elements.view, access.elements.keyOffset, key);
    return access;
  }
}

/** A map whose elements come and go. */
export abstract class DictionaryMap<K, V> extends KeyedMap<K, V> {
  /** False: no such key. */
  delete(key: K): boolean {
    return this.deleteOne(key);
  }

  /** Deletes them; keys that are not there are passed over. Returns how many there were. */
  deleteBatch(keys: readonly K[]): number {
    return this.deleteMany(keys);
  }

  /** Deletes all; what others add meanwhile may stay. */
  clear(): void {
    this.deleteAll();
  }
}

/** BPF_MAP_TYPE_HASH. */
export class HashMap<K, V> extends DictionaryMap<K, V> {}

/** BPF_MAP_TYPE_LRU_HASH: when it is full, the least recently used entry makes room. */
export class LruHashMap<K, V> extends DictionaryMap<K, V> {}

/** BPF_MAP_TYPE_LPM_TRIE: keys begin with the length of their prefix in bits; get() finds the longest that fits. */
export class LpmTrie<K, V> extends DictionaryMap<K, V> {}

/** BPF_MAP_TYPE_PERCPU_HASH: a value is an array with one item for each possible CPU. */
export class PerCpuHashMap<K, V> extends DictionaryMap<K, V[]> {
  protected override valueCodec(): Codec<V[]> {
    return perCpuCodec(this.spec.value as Codec<V>, this.title);
  }
}

/** BPF_MAP_TYPE_LRU_PERCPU_HASH. */
export class LruPerCpuHashMap<K, V> extends PerCpuHashMap<K, V> {}

/** A map whose keys are 0 to maxEntries - 1. Its elements cannot be deleted. */
export abstract class IndexedMap<V> extends KeyedMap<number, V> {
  /** Throws ERR_NOT_FOUND for an index that the array does not have. */
  at(index: number): V {
    const value = this.get(index);
    if (value !== undefined) return value;
    const message = `${this.title} has ${this.maxEntries} elements, no element ${index}`;
    throw new BpfError('ERR_NOT_FOUND', message);
  }
}

/** BPF_MAP_TYPE_PERCPU_ARRAY. */
export class PerCpuArrayMap<V> extends IndexedMap<V[]> {
  protected override valueCodec(): Codec<V[]> {
    return perCpuCodec(this.spec.value as Codec<V>, this.title);
  }
}
