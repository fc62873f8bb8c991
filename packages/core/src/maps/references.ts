import { type Codec, codecOf } from '../codec.js';
import type { Program } from '../program.js';
import type { MapSpec } from '../spec.js';
import { Elements, encode } from './elements.js';
import { BpfMap } from './map.js';

const INDEX = codecOf({ kind: 'scalar', scalar: 'u32', size: 4 }, 'index') as Codec<number>;
const DESCRIPTOR_SIZE = 4;

/** What is held by a descriptor: a handle of this package, or a socket. */
export interface Descriptor {
  readonly fd: number;
}

/** A map of what descriptors hold: a handle is written, and an id read, for the kernel gives no more. */
abstract class ReferenceMap<K, V extends Descriptor> extends BpfMap {
  readonly #key: Codec<K>;
  readonly #elements: Elements;

  constructor(spec: MapSpec, fd: number, key: Codec<K>) {
    super(spec, fd);
    this.#key = key;
    this.#elements = new Elements(this, spec.keySize, DESCRIPTOR_SIZE);
  }

  /**
   * The map refers to it from then on, whether or not the handle stays open. Throws ERR_MAP_FULL for an index that
   * it does not have; ERR_SYSCALL (EINVAL) for what is of another type than the map is for.
   */
  set(key: K, value: V): void {
    const { view, valueOffset } = this.#place(key);
    view.setUint32(valueOffset, value.fd, true);
    this.#elements.update('any');
  }

  /** The id of what is there; undefined: nothing. */
  get(key: K): number | undefined {
    const { view, valueOffset } = this.#place(key);
    return this.#elements.lookup() ? view.getUint32(valueOffset, true) : undefined;
  }

  /** False: there was none. */
  delete(key: K): boolean {
    this.#place(key);
    return this.#elements.delete();
  }

  #place(key: K): Elements {
    encode(this, this.#key, this.#elements.view, this.#elements.keyOffset, key);
    return this.#elements;
  }
}

/**
 * BPF_MAP_TYPE_PROG_ARRAY: programs to tail-call. It loses its programs with its last reference from user
 * space: keep it open, or pinned.
 */
export class ProgArray extends ReferenceMap<number, Program> {
  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, INDEX);
  }
}

/** BPF_MAP_TYPE_ARRAY_OF_MAPS: each is like the one that the object names as its values. */
export class ArrayOfMaps extends ReferenceMap<number, BpfMap> {
  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, INDEX);
  }
}

/** BPF_MAP_TYPE_HASH_OF_MAPS: the same, by keys. */
export class HashOfMaps<K = unknown> extends ReferenceMap<K, BpfMap> {
  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, spec.key as Codec<K>);
  }
}

/**
 * BPF_MAP_TYPE_XSKMAP: AF_XDP sockets that have a ring to receive, by the queue that they are bound to. One that is closed leaves the map. The
 * kernel does not tell which are there: get() throws ERR_NOT_SUPPORTED.
 */
export class XskMap extends ReferenceMap<number, Descriptor> {
  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, INDEX);
  }
}
