import { setTimeout as delay } from 'node:timers/promises';
import { BpfError } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';
import type { SignedAuthObject } from './signed_auth.gen.js';
import type { Entry } from './trust.js';

/** So that a packet that is just being judged does not read a table of another key. */
const REST_MS = 100;
/** How much more a key has to sign than another one, to get its table. */
const PREFERENCE = 2n;
const LEAST = 16n;

/** How many keys can have tables within so many bytes. Throws ERR_BAD_OPTION for a width that is not offered. */
export function layoutWithin(bytes: number, width: number, maxKeys: number): P256Layout {
  const widths = { generator: width, key: width };
  const generator = new P256Layout(0, widths).bytes;
  const each = new P256Layout(1, widths).bytes - generator;
  if (bytes < generator) {
    const message = `option tableMemory is ${bytes}, expected at least ${generator} for a tableWidth of ${width}`;
    throw new BpfError('ERR_BAD_OPTION', message);
  }
  return new P256Layout(Math.min(maxKeys, Math.floor((bytes - generator) / each)), widths);
}

/** The layout of a map that an earlier controller made. */
export function layoutOf(entries: number, width: number): P256Layout {
  const widths = { generator: width, key: width };
  const generator = new P256Layout(0, widths).entries;
  const each = new P256Layout(1, widths).entries - generator;
  return new P256Layout(Math.floor((entries - generator) / each), widths);
}

/**
 * Tables of public keys in the program's memory: as many as fit, built in a worker, one after the other. A key that
 * has none is checked all the same.
 */
export class Tables {
  readonly #layout: P256Layout;
  readonly #memory: Uint8Array;
  readonly #owners: (Entry | undefined)[];
  /** When a table was last in use. */
  readonly #freed: number[];
  readonly #before = new Map<Entry, bigint>();
  #publish: (entry: Entry) => void = () => {};
  #queue: Entry[] = [];
  #work: Promise<void> | undefined;
  #closed = false;

  constructor(map: SignedAuthObject['maps']['p256_entries'], layout: P256Layout) {
    const view = map.view();
    this.#memory = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#layout = layout;
    this.#owners = new Array(layout.keys).fill(undefined);
    this.#freed = new Array(layout.keys).fill(Number.NEGATIVE_INFINITY);
  }

  /** Before any key is trusted: without it, nothing can be checked. */
  async writeGenerator(): Promise<void> {
    this.#memory.set(await p256GeneratorTable(this.#layout.widths.generator), 0);
  }

  /** What there is already. publish: tells the program that a key has a table, or has none. */
  take(entries: readonly Entry[], publish: (entry: Entry) => void): void {
    this.#publish = publish;
    for (const entry of entries) {
      if (entry.table === undefined) this.want(entry);
      else this.#owners[entry.table] = entry;
    }
  }

  /** A table for a key, when there is room. */
  want(entry: Entry): void {
    this.#queue.push(entry);
    this.#work ??= this.#build();
  }

  /** The key is not trusted any more. */
  release(entry: Entry): void {
    this.#queue = this.#queue.filter((other) => other !== entry);
    this.#before.delete(entry);
    this.#free(entry);
  }

  /** When all tables are there that are to be built. */
  async built(): Promise<void> {
    while (this.#work) await this.#work;
  }

  /** Takes the table of a key that signs little for one that signs much. */
  async rebalance(entries: readonly Entry[], signatures: (entry: Entry) => bigint): Promise<void> {
    const recent = new Map(
      entries.map((entry) => {
        const now = signatures(entry);
        const since = now - (this.#before.get(entry) ?? 0n);
        this.#before.set(entry, now);
        return [entry, since];
      }),
    );
    const byUse = [...recent].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
    const least = byUse.find(([entry]) => entry.table !== undefined);
    const most = byUse.findLast(([entry]) => entry.table === undefined);
    if (!least || !most || this.#work) return;
    if (most[1] < LEAST || most[1] < PREFERENCE * least[1]) return;
    this.#withdraw(least[0]);
    this.want(most[0]);
    await this.built();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
  }

  async #build(): Promise<void> {
    try {
      for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) await this.#give(entry);
    } finally {
      this.#work = undefined;
    }
  }

  async #give(entry: Entry): Promise<void> {
    const table = this.#owners.indexOf(undefined);
    if (table < 0) return;
    this.#owners[table] = entry;
    const bytes = await p256Table(entry.point, this.#layout.widths.key);
    await delay(Math.max(0, this.#freed[table]! + REST_MS - performance.now()));
    if (this.#closed || this.#owners[table] !== entry) return;
    this.#memory.set(bytes, this.#layout.keyOffset(table));
    entry.table = table;
    this.#publish(entry);
  }

  #withdraw(entry: Entry): void {
    const { table } = entry;
    entry.table = undefined;
    this.#publish(entry);
    if (table !== undefined) this.#forget(table);
  }

  #free(entry: Entry): void {
    const table = this.#owners.indexOf(entry);
    entry.table = undefined;
    if (table >= 0) this.#forget(table);
  }

  #forget(table: number): void {
    this.#owners[table] = undefined;
    this.#freed[table] = performance.now();
  }
}
