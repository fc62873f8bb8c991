import type { Program } from '../program.js';
import { Elements } from './elements.js';
import { BpfMap } from './map.js';

/**
 * BPF_MAP_TYPE_PROG_ARRAY: programs to tail-call. It loses its programs with its last reference from user
 * space: keep it open, or pinned.
 */
export class ProgArray extends BpfMap {
  readonly #elements = new Elements(this, 4, 4);

  /** Throws ERR_MAP_FULL for an index it does not have; ERR_SYSCALL (EINVAL) for a program of another type. */
  set(index: number, program: Program): void {
    const { view, valueOffset } = this.#place(index);
    view.setUint32(valueOffset, program.fd, true);
    this.#elements.update('any');
  }

  /** The id of the program, for the kernel gives no more; undefined: none. */
  get(index: number): number | undefined {
    const { view, valueOffset } = this.#place(index);
    return this.#elements.lookup() ? view.getUint32(valueOffset, true) : undefined;
  }

  /** False: there was none. */
  delete(index: number): boolean {
    this.#place(index);
    return this.#elements.delete();
  }

  #place(index: number): Elements {
    this.#elements.view.setUint32(this.#elements.keyOffset, index, true);
    return this.#elements;
  }
}
