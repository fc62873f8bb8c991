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

  /** entries: [length, address as a number, verdict] */
  constructor(entries = []) {
    for (let length = LONGEST; length >= SHORTEST; length--) this.#lengths.set(length, new Map());
    for (const [length, address, verdict] of entries) this.#lengths.get(length).set(address, verdict);
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

  *[Symbol.iterator]() {
    for (const [length, prefixes] of this.#lengths) {
      for (const [address, verdict] of prefixes) yield [length, address, verdict];
    }
  }

  #addRandom(verdict) {
    const random = randomBytes(5);
    const length = SHORTEST + (random[4] % (LONGEST - SHORTEST + 1));
    const address = masked(random.readUInt32LE(), length);
    const prefixes = this.#lengths.get(length);
    if (prefixes.has(address)) return 0;
    prefixes.set(address, verdict);
    return 1;
  }
}

function masked(address, length) {
  return (address & (0xffffffff << (32 - length))) >>> 0;
}
