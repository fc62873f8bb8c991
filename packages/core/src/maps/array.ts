import { BpfError } from '../errors.js';
import { mapFile, PAGE } from '../ffi/libc.js';
import { align8 } from './elements.js';
import { IndexedMap } from './keyed.js';

const BPF_F_MMAPABLE = 1 << 10;

/** BPF_MAP_TYPE_ARRAY. */
export class ArrayMap<V> extends IndexedMap<V> {
  #memory: DataView | undefined;

  /** Bytes from one element of view() to the next. */
  get stride(): number {
    return align8(this.spec.valueSize);
  }

  /**
   * The array itself, without a copy; needs BPF_F_MMAPABLE (5.5+). What is written is seen by programs at
   * once. The memory lives as long as the view can be reached, also after close(). Constants (.rodata) cannot
   * change: theirs is a copy. Throws ERR_NOT_SUPPORTED; ERR_PERMISSION for a map that was frozen.
   */
  view(): DataView {
    void this.fd;
    this.#memory ??= this.#isConstant ? this.#copy() : this.#map();
    return this.#memory;
  }

  get #isConstant(): boolean {
    return this.spec.internal && this.spec.name.startsWith('.rodata');
  }

  #copy(): DataView {
    const bytes = this.at(0) as Uint8Array;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #map(): DataView {
    if (!(this.info().flags & BPF_F_MMAPABLE)) {
      const message = `${this.title} cannot be viewed: it was made without BPF_F_MMAPABLE`;
      throw new BpfError('ERR_NOT_SUPPORTED', message);
    }
    const bytes = this.stride * this.maxEntries;
    return new DataView(mapFile(this.fd, Math.ceil(bytes / PAGE) * PAGE, 0, true), 0, bytes);
  }
}
