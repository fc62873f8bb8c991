import { setTimeout as delay } from 'node:timers/promises';
import { BpfError, bootTimeNs, type ReasonName } from '@cryptbpf/core';
import { checkId, EVER, expirySeconds, type KeyForms, readPublicKey, type TrustedKey } from './keys.js';
import { type KeyStat, Reason, type SignedAuthObject } from './signed_auth.gen.js';
import type { Tables } from './tables.js';

/** A trusted key, and what became of the packets that named it. */
export interface TrustedKeyInfo {
  readonly id: number;
  readonly expires: Date | undefined;
  /** Whether it is checked with a table of its own, and so three times as fast. */
  readonly hasTable: boolean;
  /** Signatures that held: of packets that passed, of knocks, of session requests. */
  readonly signatures: bigint;
  /** Packets of its sessions that passed. */
  readonly sessionPackets: bigint;
  /** When one of those came last. */
  readonly lastSeen: Date | undefined;
  /** Packets that were dropped, by reason; who sent them is not known. */
  readonly rejected: Partial<Record<ReasonName, bigint>>;
}

/** A key and its place in the program's maps. */
export interface Entry extends KeyForms {
  readonly id: number;
  /** From 1 on. */
  readonly place: number;
  readonly generation: number;
  expiresS: bigint;
  /** Number of its table; undefined: it has none. */
  table: number | undefined;
}

type Maps = Pick<SignedAuthObject['maps'], 'keys' | 'key_places' | 'key_states' | 'key_stats'>;

/** So that a packet that is just being judged does not write to the state of another key. */
const REST_MS = 100;
const FIRST_REJECTION = Reason.DROP_KEY_EXPIRED;
const REASON_NAMES = new Map(
  Object.entries(Reason).map(([name, value]) => [value as number, name as ReasonName]),
);

/** Whom the gate trusts: places for keys, of which a revoked one is free again after a moment. */
export class Trust {
  readonly #maps: Maps;
  readonly #tables: Tables;
  readonly #entries = new Map<number, Entry>();
  /** Free places, the one that is free for longest first, each with the time since when. */
  readonly #free: { place: number; since: number }[] = [];

  /** Takes over those that the maps hold. */
  constructor(maps: Maps, tables: Tables) {
    this.#maps = maps;
    this.#tables = tables;
    for (let place = 1; place <= maps.keys.maxEntries; place++) {
      const entry = this.#read(place);
      if (entry) this.#entries.set(entry.id, entry);
      else this.#free.push({ place, since: Number.NEGATIVE_INFINITY });
    }
    tables.take([...this.#entries.values()], (entry) => this.#write(entry));
  }

  get(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Trusts these, and nobody else. */
  async set(keys: readonly TrustedKey[]): Promise<void> {
    const wanted = new Map(keys.map((key) => [key.id, readPublicKey(key.key)]));
    for (const entry of [...this.#entries.values()]) {
      const forms = wanted.get(entry.id);
      if (!forms || !isSame(forms, entry)) this.revoke(entry.id);
    }
    for (const key of keys) await this.add(key);
  }

  /**
   * Trusts a key from now on; of one that is trusted, changes when it expires. Throws ERR_EXISTS for an id that
   * belongs to another key, ERR_MAP_FULL, ERR_BAD_VALUE.
   */
  async add({ id, key, expires }: TrustedKey): Promise<void> {
    checkId(id);
    const forms = readPublicKey(key);
    const expiresS = expirySeconds(expires);
    const known = this.#entries.get(id);
    if (known) return this.#prolong(known, forms, expiresS);
    const free = this.#free.shift();
    if (!free) {
      const message = `${this.#entries.size} keys are trusted: revoke one, or attach with a larger maxKeys`;
      throw new BpfError('ERR_MAP_FULL', message);
    }
    const generation = (this.#maps.keys.at(free.place - 1).generation + 1) >>> 0 || 1;
    const entry: Entry = { ...forms, id, place: free.place, generation, expiresS, table: undefined };
    this.#entries.set(id, entry);
    const wait = free.since + REST_MS - performance.now();
    if (wait > 0) await delay(wait);
    if (this.#entries.get(id) === entry) this.#begin(entry);
  }

  /** From the next packet on, nothing of this key counts. False: it was not trusted. */
  revoke(id: number): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#maps.key_places.set(id, 0);
    this.#entries.delete(id);
    this.#tables.release(entry);
    this.#free.push({ place: entry.place, since: performance.now() });
    return true;
  }

  list(): TrustedKeyInfo[] {
    return [...this.#entries.values()].map((entry) => ({
      id: entry.id,
      expires: entry.expiresS === EVER ? undefined : new Date(Number(entry.expiresS) * 1000),
      hasTable: entry.table !== undefined,
      ...toStats(this.#maps.key_stats.at(entry.place - 1)),
    }));
  }

  /** Lets those that sign most have the tables. */
  async rebalance(): Promise<void> {
    const signatures = ({ place }: Entry) =>
      sum(this.#maps.key_stats.at(place - 1), (stat) => stat.signatures);
    await this.#tables.rebalance([...this.#entries.values()], signatures);
  }

  #prolong(known: Entry, forms: KeyForms, expiresS: bigint): void {
    if (!isSame(forms, known)) {
      const message = `key id ${known.id} belongs to another key: revoke that one, or give the new one another id`;
      throw new BpfError('ERR_EXISTS', message);
    }
    known.expiresS = expiresS;
    this.#write(known);
  }

  #begin(entry: Entry): void {
    const index = entry.place - 1;
    const { key_states, key_stats, key_places } = this.#maps;
    key_states.set(index, new Uint8Array(key_states.spec.valueSize));
    key_stats.set(
      index,
      key_stats.at(index).map(({ rejected }) => ({
        signatures: 0n,
        tags: 0n,
        lastSeenNs: 0n,
        rejected: rejected.map(() => 0n),
      })),
    );
    this.#write(entry);
    key_places.set(entry.id, entry.place);
    this.#tables.want(entry);
  }

  #write({ place, id, point, expiresS, generation, table }: Entry): void {
    this.#maps.keys.set(place - 1, {
      point: { x: point.slice(1, 33), y: point.slice(33) },
      expiresS,
      generation,
      table: table === undefined ? 0 : table + 1,
      id,
    });
  }

  #read(place: number): Entry | undefined {
    const { id, point, expiresS, generation, table } = this.#maps.keys.at(place - 1);
    if (generation === 0 || this.#maps.key_places.at(id) !== place) return undefined;
    const bytes = new Uint8Array([4, ...point.x, ...point.y]);
    return {
      ...readPublicKey(bytes),
      id,
      place,
      generation,
      expiresS,
      table: table === 0 ? undefined : table - 1,
    };
  }
}

function isSame(a: KeyForms, b: KeyForms): boolean {
  return Buffer.compare(a.point, b.point) === 0;
}

function sum(stats: readonly KeyStat[], of: (stat: KeyStat) => bigint): bigint {
  return stats.reduce((all, stat) => all + of(stat), 0n);
}

function toStats(stats: readonly KeyStat[]) {
  let lastSeenNs = 0n;
  for (const { lastSeenNs: seen } of stats) if (seen > lastSeenNs) lastSeenNs = seen;
  const rejected: Partial<Record<ReasonName, bigint>> = {};
  for (const i of stats[0]!.rejected.keys()) {
    const count = sum(stats, (stat) => stat.rejected[i]!);
    if (count > 0n) rejected[REASON_NAMES.get(FIRST_REJECTION + i)!] = count;
  }
  return {
    signatures: sum(stats, (stat) => stat.signatures),
    sessionPackets: sum(stats, (stat) => stat.tags),
    lastSeen: lastSeenNs === 0n ? undefined : new Date(Date.now() - Number(bootTimeNs() - lastSeenNs) / 1e6),
    rejected,
  };
}
