import type { Codec } from '../codec.js';
import { BpfError } from '../errors.js';
import { mapFile } from '../ffi/libc.js';
import type { MapSpec } from '../spec.js';
import { align8 } from './elements.js';
import { KeyedMap, present } from './keyed.js';

const BPF_F_MMAPABLE = 1 << 10;
const BPF_F_RDONLY_PROG = 1 << 7;
const PAGE = 4096;

/** BPF_MAP_TYPE_ARRAY: keys are 0 to maxEntries - 1; elements cannot be deleted. */
export class ArrayMap<V> extends KeyedMap<number, V> {
  #memory: DataView | undefined;

  constructor(spec: MapSpec, fd: number) {
    super(spec, fd, spec.key as Codec<number>, spec.value as Codec<V>, spec.valueSize);
  }

  /** Throws ERR_NOT_FOUND for an index that the array does not have. */
  at(index: number): V {
    return present(this.title, index, this.maxEntries, this.get(index));
  }

  /** Bytes from one element of view() to the next. */
  get stride(): number {
    return align8(this.spec.valueSize);
  }

  /**
   * The array itself, without a copy; needs BPF_F_MMAPABLE (5.5+). What is written is seen by programs at
   * once. The memory lives as long as the view can be reached, also after close(). Throws ERR_NOT_SUPPORTED.
   */
  view(): DataView {
    void this.fd;
    this.#memory ??= this.#map();
    return this.#memory;
  }

  #map(): DataView {
    if (!(this.info().flags & BPF_F_MMAPABLE)) {
      const message = `${this.title} cannot be viewed: it was made without BPF_F_MMAPABLE`;
      throw new BpfError('ERR_NOT_SUPPORTED', message);
    }
    const bytes = this.stride * this.maxEntries;
    const frozen = this.spec.name.startsWith('.rodata') || (this.spec.flags & BPF_F_RDONLY_PROG) !== 0;
    return new DataView(mapFile(this.fd, Math.ceil(bytes / PAGE) * PAGE, 0, !frozen), 0, bytes);
  }
}
