import { randomBytes } from 'node:crypto';

const SHORTEST = 16;
const LONGEST = 32;
export const ALLOW = 1;
export const DENY = 2;

/**
 * Prefixes to allow and to deny: for each length a map from masked address to verdict, longest first, which
 * beats everything else that JavaScript has for it (net.BlockList goes through its rules one by one).
 */
export class Lists {
  #lengths = new Map();
  #blocks = new Set();

  /** entries: [length, address as a number, verdict] */
  constructor(entries = []) {
    for (let length = LONGEST; length >= SHORTEST; length--) this.#lengths.set(length, new Map());
    for (const entry of entries) this.#add(entry);
  }

  /** So many random prefixes of /16 to /32 on each list. */
  static random(each) {
    const lists = new Lists();
    for (const verdict of [ALLOW, DENY])
      for (let added = 0; added < each; ) added += lists.#addRandom(verdict);
    return lists;
  }

  /** By the longest prefix that fits; undefined: on neither list. */
  verdict(address) {
    for (const [length, prefixes] of this.#lengths) {
      const verdict = prefixes.get(masked(address, length));
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  /** Whether there is an entry in its /16. */
  isNear(address) {
    return this.#blocks.has(address >>> 16);
  }

  *[Symbol.iterator]() {
    for (const [length, prefixes] of this.#lengths) {
      for (const [address, verdict] of prefixes) yield [length, address, verdict];
    }
  }

  #add([length, address, verdict]) {
    this.#lengths.get(length).set(address, verdict);
    this.#blocks.add(address >>> 16);
  }

  #addRandom(verdict) {
    const random = randomBytes(5);
    const length = SHORTEST + (random[4] % (LONGEST - SHORTEST + 1));
    const address = masked(random.readUInt32LE(), length);
    if (this.#lengths.get(length).has(address)) return 0;
    this.#add([length, address, verdict]);
    return 1;
  }
}

function masked(address, length) {
  return (address & (0xffffffff << (32 - length))) >>> 0;
}
