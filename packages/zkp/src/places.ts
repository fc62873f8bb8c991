import { setTimeout as delay } from 'node:timers/promises';
import { type ArrayMap, BpfError, bootTimeNs, type PerCpuArrayMap } from '@cryptbpf/core';

/** What bpf/lib/zkp_keys.h keeps of a key, whatever its kind. */
export interface PlacedKey {
  /** Boot clock; 0n: for ever. */
  untilNs: bigint;
}

export interface PlaceMaps<Key extends PlacedKey> {
  key_places: ArrayMap<number>;
  keys: ArrayMap<Key>;
  key_proofs: PerCpuArrayMap<bigint>;
}

/** Someone who may prove. */
export interface KeyInfo {
  readonly id: number;
  /** Seconds from now; undefined: for ever. */
  readonly expiresIn: number | undefined;
  /** That were accepted. */
  readonly proofs: bigint;
}

const MAX_ID = 0xffff;
/** So that a proof that is just being checked does not read half of another key. */
const REST_MS = 100;

/** Keys by their numbers, in the program's memory. A place that was left is free again after a moment. */
export class Places<Key extends PlacedKey> {
  readonly #maps: PlaceMaps<Key>;
  /** Key id -> place, from 1 on. */
  readonly #places = new Map<number, number>();
  /** The one that is free for longest first, each with the time since when. */
  readonly #free: { place: number; since: number }[] = [];

  /** Takes over those that the maps hold. */
  constructor(maps: PlaceMaps<Key>) {
    this.#maps = maps;
    const words = maps.key_places.view();
    for (let id = 0; id <= MAX_ID; id++) {
      const place = words.getUint32(id * maps.key_places.stride, true);
      if (place !== 0) this.#places.set(id, place);
    }
    const used = new Set(this.#places.values());
    for (let place = 1; place <= maps.keys.maxEntries; place++)
      if (!used.has(place)) this.#free.push({ place, since: Number.NEGATIVE_INFINITY });
  }

  get ids(): number[] {
    return [...this.#places.keys()];
  }

  get(id: number): Key | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#maps.keys.at(place - 1);
  }

  /** The place of a key, counted from 0. */
  indexOf(id: number): number | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : place - 1;
  }

  /**
   * Takes a place for a key that is new. `write` fills what goes with it; the key counts when that is done. Throws
   * ERR_EXISTS, ERR_MAP_FULL, ERR_BAD_VALUE for the id.
   */
  async add(id: number, keyAt: (index: number) => Key | Promise<Key>): Promise<void> {
    checkId(id);
    this.#sweep();
    if (this.#places.has(id)) throw new BpfError('ERR_EXISTS', `key ${id} is another one: remove it first`);
    const free = this.#free.shift();
    if (!free) {
      const message = `${this.#places.size} keys are there: remove one, or attach with a larger maxKeys`;
      throw new BpfError('ERR_MAP_FULL', message);
    }
    const { place, since } = free;
    this.#places.set(id, place);
    try {
      await delay(Math.max(0, since + REST_MS - performance.now()));
      this.#maps.keys.set(place - 1, await keyAt(place - 1));
      this.#maps.key_proofs.set(
        place - 1,
        this.#maps.key_proofs.at(place - 1).map(() => 0n),
      );
    } catch (error) {
      this.#leave(id, place);
      throw error;
    }
    if (this.#places.get(id) === place) this.#maps.key_places.set(id, place);
  }

  /** Ends a key after so many seconds; 0: with the next packet. False: there is none. */
  remove(id: number, after: number): boolean {
    this.#sweep();
    const place = this.#places.get(id);
    if (place === undefined) return false;
    if (after === 0) this.#leave(id, place);
    else this.#maps.keys.set(place - 1, { ...this.#maps.keys.at(place - 1), untilNs: deadline(after) });
    return true;
  }

  list(): KeyInfo[] {
    this.#sweep();
    const now = bootTimeNs();
    return [...this.#places].map(([id, place]) => {
      const { untilNs } = this.#maps.keys.at(place - 1);
      const proofs = this.#maps.key_proofs.at(place - 1).reduce((sum, count) => sum + count, 0n);
      return { id, expiresIn: untilNs === 0n ? undefined : Number(untilNs - now) / 1e9, proofs };
    });
  }

  /** Those whose time is over make room. */
  #sweep(): void {
    const now = bootTimeNs();
    for (const [id, place] of this.#places) {
      const { untilNs } = this.#maps.keys.at(place - 1);
      const isPublished = this.#maps.key_places.at(id) === place;
      if (isPublished && untilNs !== 0n && untilNs <= now) this.#leave(id, place);
    }
  }

  #leave(id: number, place: number): void {
    this.#maps.key_places.set(id, 0);
    this.#places.delete(id);
    this.#free.push({ place, since: performance.now() });
  }
}

/** On the boot clock, so many seconds from now. Throws ERR_BAD_VALUE. */
export function deadline(seconds: number): bigint {
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= 31_536_000) {
    return bootTimeNs() + BigInt(Math.round(seconds * 1e9));
  }
  throw new BpfError('ERR_BAD_VALUE', `after is ${seconds}, expected seconds from 0 to 31536000`);
}

function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return;
  throw new BpfError('ERR_BAD_VALUE', `key id is ${id}, expected an integer from 0 to ${MAX_ID}`);
}
