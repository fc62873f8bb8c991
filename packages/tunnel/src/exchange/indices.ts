import { randomInt } from 'node:crypto';

/** Which of our indices are in use, and whose they are. Random, so that they tell strangers nothing. */
export class Indices<Owner> {
  readonly #owners = new Map<number, Owner>();

  /** A new one. */
  take(owner: Owner): number {
    for (;;) {
      const index = randomInt(2 ** 32);
      if (this.#owners.has(index)) continue;
      this.#owners.set(index, owner);
      return index;
    }
  }

  free(index: number): void {
    this.#owners.delete(index);
  }

  ownerOf(index: number): Owner | undefined {
    return this.#owners.get(index);
  }
}
