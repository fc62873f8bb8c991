import type { Program } from '../program.js';
import type { MapSpec } from '../spec.js';
import { Elements } from './elements.js';
import { BpfMap } from './map.js';

/**
 * BPF_MAP_TYPE_PROG_ARRAY: programs to tail-call. It loses its programs with its last reference from user
 * space: keep it open, or pinned.
 */
export class ProgArray extends BpfMap {
  readonly #elements: Elements;

  constructor(spec: MapSpec, fd: number) {
    super(spec, fd);
    this.#elements = new Elements(this.title, fd, 4, 4);
  }

  /** Throws ERR_NOT_FOUND for an index it does not have; ERR_SYSCALL (EINVAL) for a program of another type. */
  set(index: number, program: Program): void {
    const { view, keyOffset, valueOffset } = this.#open();
    view.setUint32(keyOffset, index, true);
    view.setUint32(valueOffset, program.fd, true);
    this.#elements.update('any');
  }

  /** The id of the program, for the kernel gives no more; undefined: none. */
  get(index: number): number | undefined {
    const { view, keyOffset, valueOffset } = this.#open();
    view.setUint32(keyOffset, index, true);
    return this.#elements.lookup() ? view.getUint32(valueOffset, true) : undefined;
  }

  /** False: there was none. */
  delete(index: number): boolean {
    const { view, keyOffset } = this.#open();
    view.setUint32(keyOffset, index, true);
    return this.#elements.delete();
  }

  #open(): Elements {
    void this.fd;
    return this.#elements;
  }
}
