import type { Indices } from '../exchange/indices.js';
import type { SessionAge } from './timers.js';
import { REJECT_AFTER_MS } from './timing.js';

/** The kernel drops what comes later; until then an index means this session and no other. */
const INDEX_KEPT_MS = REJECT_AFTER_MS + 5_000;

/** What there is to know of a peer's sessions outside of the kernel: their age. Indices are free when no packet can bear them. */
export class Sessions<Owner> {
  readonly #indices: Indices<Owner>;
  /** By local index, oldest first. */
  readonly #ages = new Map<number, SessionAge>();

  constructor(indices: Indices<Owner>) {
    this.#indices = indices;
  }

  add(localIndex: number, age: SessionAge): void {
    this.#ages.set(localIndex, age);
  }

  /** undefined for one that is too old to be used. */
  ageOf(localIndex: number | undefined, nowMs: number): SessionAge | undefined {
    const age = localIndex === undefined ? undefined : this.#ages.get(localIndex);
    return age && nowMs - age.createdMs < REJECT_AFTER_MS ? age : undefined;
  }

  forgetOld(nowMs: number): void {
    for (const [index, { createdMs }] of this.#ages) {
      if (nowMs - createdMs < INDEX_KEPT_MS) return;
      this.#free(index);
    }
  }

  clear(): void {
    for (const index of this.#ages.keys()) this.#free(index);
  }

  #free(index: number): void {
    this.#ages.delete(index);
    this.#indices.free(index);
  }
}
