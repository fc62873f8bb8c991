import { setTimeout as delay } from 'node:timers/promises';
import { BpfError, bootTimeNs } from '@cryptbpf/core';
import { type P256PublicKey, p256PublicKey, sha256State } from '@cryptbpf/core/crypto';
import { type Group, MAX_GROUP, type Ring, ringOf } from './client/group.js';
import { audienceDigest } from './client/statement.js';
import { deadline } from './places.js';
import { PointNumbers } from './point-numbers.js';
import type { Provers, RemoveOptions } from './provers.js';
import type { Tables } from './tables.js';
import type { ZkpRingKey, ZkpRingObject } from './zkp_ring.gen.js';

/** A group whose members may prove. */
export interface GroupOptions {
  /** 0 to 1023. */
  id: number;
  /** Public keys, 2 to 32. */
  members: readonly P256PublicKey[];
  /** Rises with each change. Default 1. */
  epoch?: number;
  /** Admissions of one member in an epoch, renewals too. Default 0: they are not counted, and cannot be linked. */
  limit?: number;
}

/** What the next epoch has that this one has not. */
export interface RotateOptions {
  /** Default: the same. */
  members?: readonly P256PublicKey[];
  /** Default: the next. */
  epoch?: number;
  /** Default: the same. */
  limit?: number;
  /** Seconds for which proofs of the epoch that ends count still. Default 0. */
  overlap?: number;
}

export interface GroupInfo {
  readonly id: number;
  readonly epoch: number;
  readonly members: number;
  readonly limit: number;
  /** The epoch before, while its proofs count; seconds. */
  readonly previous: { readonly epoch: number; readonly endsIn: number } | undefined;
  /** Members that were admitted in this epoch; undefined where that is not counted. */
  readonly seen: number | undefined;
}

type Maps = Pick<ZkpRingObject['maps'], 'groups' | 'rings' | 'images'>;

/** A ring in its place. */
interface Placed {
  /** From 1 on. */
  readonly place: number;
  readonly epoch: number;
  readonly limit: number;
  readonly members: number;
  /** As its members have to know it; undefined for one of an earlier controller. */
  readonly group: Group | undefined;
}

interface Entry {
  current: Placed;
  previous: Placed | undefined;
}

const REST_MS = 100;
/** Of a ring that has none, and of tables that are not there. */
const NONE = 0;

/** Whose proofs count: members of groups. */
export class Groups implements Provers {
  readonly #maps: Maps;
  readonly #points: PointNumbers;
  readonly #audience: Uint8Array;
  readonly #entries = new Map<number, Entry>();
  readonly #free: { place: number; since: number }[] = [];
  /** Changes are made one after the other: one may wait for the tables of another. */
  #last: Promise<unknown> = Promise.resolve();

  /** tables: how many there are. */
  constructor(maps: Maps, tables: Tables, count: number, audience: string) {
    this.#maps = maps;
    this.#points = new PointNumbers(tables, count);
    this.#audience = audienceDigest(audience);
    for (let place = 1; place <= maps.rings.maxEntries; place++)
      this.#free.push({ place, since: Number.NEGATIVE_INFINITY });
    for (let id = 0; id <= MAX_GROUP; id++) this.#adopt(id);
  }

  /** These count, and no others. Throws ERR_INCOMPATIBLE where the gate is at a later epoch, or at another of that number. */
  set(groups: readonly GroupOptions[]): Promise<void> {
    return this.#inTurn(() => this.#set(groups));
  }

  async #set(groups: readonly GroupOptions[]): Promise<void> {
    const wanted = new Set(groups.map(({ id }) => id));
    for (const options of groups) this.#checkEpoch(this.#describe(options));
    for (const id of [...this.#entries.keys()]) if (!wanted.has(id)) this.remove(id);
    for (const options of groups) await this.#bring(this.#describe(options));
  }

  /** One more group, at once. Throws ERR_EXISTS, ERR_MAP_FULL, ERR_BAD_VALUE. */
  async add(options: GroupOptions): Promise<void> {
    const group = this.#describe(options);
    await this.#inTurn(async () => {
      if (this.#entries.has(group.id))
        throw new BpfError('ERR_EXISTS', `group ${group.id} is there: rotate it`);
      await this.#publish(group, 0);
    });
  }

  /**
   * The next epoch: proofs of the one before count until overlap is over, or no more. Members have to be given the
   * group's new description(). Throws ERR_NOT_FOUND, ERR_MAP_FULL, ERR_BAD_VALUE.
   */
  rotate(id: number, options: RotateOptions = {}): Promise<void> {
    return this.#inTurn(() => this.#rotate(id, options));
  }

  async #rotate(id: number, options: RotateOptions): Promise<void> {
    const { current } = this.#get(id);
    const { overlap = 0, epoch = current.epoch + 1, limit = current.limit } = options;
    deadline(overlap);
    if (epoch <= current.epoch) {
      throw new BpfError('ERR_BAD_VALUE', `epoch is ${epoch}, expected more than ${current.epoch}`);
    }
    const group = options.members
      ? this.#describe({ id, members: options.members, epoch, limit })
      : { ...this.description(id), epoch, limit };
    await this.#publish(group, overlap);
  }

  /** Proofs of its members count no more. False: there was none. Who was admitted stays until its time is over. */
  remove(id: number, { after = 0 }: RemoveOptions = {}): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    if (after > 0) {
      this.#end(entry.current, after);
      return true;
    }
    this.#write(id, NONE, NONE);
    this.#entries.delete(id);
    this.#leave(id, entry.current);
    this.#leave(id, entry.previous);
    return true;
  }

  /** What members have to know, and everybody may: to be published where they trust it. Throws ERR_NOT_FOUND. */
  description(id: number): Group {
    const { group } = this.#get(id).current;
    return group!;
  }

  list(): GroupInfo[] {
    this.#sweep();
    const now = bootTimeNs();
    const images = [...this.#maps.images.keys()];
    return [...this.#entries].map(([id, { current, previous }]) => ({
      id,
      epoch: current.epoch,
      members: current.members,
      limit: current.limit,
      previous: previous && {
        epoch: previous.epoch,
        endsIn: Number(this.#ringAt(previous.place).untilNs - now) / 1e9,
      },
      seen: current.limit
        ? images.filter(({ group, epoch }) => group === id && epoch === current.epoch).length
        : undefined,
    }));
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /* ---- epochs ---- */

  async #publish(group: Group, overlap: number): Promise<void> {
    this.#sweep();
    const ring = this.#ringOf(group);
    const placed = this.#takePlace(group);
    try {
      await delay(Math.max(0, placed.since + REST_MS - performance.now()));
      this.#maps.rings.set(placed.place - 1, await this.#encode(placed, ring));
    } catch (error) {
      this.#leave(group.id, placed);
      throw error;
    }
    const before = this.#entries.get(group.id);
    const previous = overlap > 0 ? before?.current : undefined;
    if (previous) this.#end(previous, overlap);
    this.#write(group.id, placed.place, previous?.place ?? NONE);
    this.#entries.set(group.id, { current: placed, previous });
    this.#leave(group.id, before?.previous);
    if (!previous) this.#leave(group.id, before?.current);
  }

  /** Its tables come before it. */
  async #encode(user: Placed, ring: Ring): Promise<ZkpRingKey> {
    const points = ring.base ? [...ring.points, ring.base] : ring.points;
    const numbers = await this.#points.take(
      user,
      points.map((point) => point.toBytes(false)),
    );
    const members = ring.points.length;
    return {
      start: { h: startOf(ring) },
      untilNs: 0n,
      epoch: ring.epoch,
      members,
      limit: ring.limit,
      base: numbers[members] ?? NONE,
      table: Array.from({ length: 32 }, (_, i) => (i < members ? numbers[i]! : NONE)),
    };
  }

  #end({ place }: Placed, after: number): void {
    this.#maps.rings.set(place - 1, { ...this.#ringAt(place), untilNs: deadline(after) });
  }

  /** Epochs that are over make room. */
  #sweep(): void {
    const now = bootTimeNs();
    const isOver = ({ place }: Placed) => {
      const { untilNs } = this.#ringAt(place);
      return untilNs !== 0n && untilNs <= now;
    };
    for (const [id, entry] of this.#entries) {
      if (isOver(entry.current)) this.remove(id);
      else if (entry.previous && isOver(entry.previous)) {
        this.#write(id, entry.current.place, NONE);
        this.#leave(id, entry.previous);
        entry.previous = undefined;
      }
    }
  }

  /* ---- what an earlier controller left ---- */

  #adopt(id: number): void {
    const { current, previous } = this.#maps.groups.at(id);
    if (current === NONE) return;
    this.#entries.set(id, {
      current: this.#adoptRing(current),
      previous: previous === NONE ? undefined : this.#adoptRing(previous),
    });
  }

  #adoptRing(place: number): Placed {
    const { epoch, limit, members, table, base } = this.#ringAt(place);
    const placed: Placed = { place, epoch, limit, members, group: undefined };
    const at = this.#free.findIndex((free) => free.place === place);
    if (at >= 0) this.#free.splice(at, 1);
    /* Whose tables they are is not known, but that they are in use. */
    const numbers = limit ? [...table.slice(0, members), base] : table.slice(0, members);
    for (const number of numbers) this.#points.adopt(placed, Uint8Array.of(number >> 8, number), number);
    return placed;
  }

  #checkEpoch(group: Group): void {
    const current = this.#entries.get(group.id)?.current;
    if (!current || current.epoch < group.epoch || this.#isSame(current, group)) return;
    const message =
      `group ${group.id} is at epoch ${current.epoch} with other members or another limit: give it a later one than ` +
      `that, not ${group.epoch}`;
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }

  /** What is there already stays; a later epoch takes the place of an earlier one. */
  async #bring(group: Group): Promise<void> {
    const entry = this.#entries.get(group.id);
    if (entry && this.#isSame(entry.current, group))
      entry.current = { ...this.#renamed(entry.current, group) };
    else await this.#publish(group, 0);
  }

  /** The same ring, of which the members are known now. */
  #renamed(placed: Placed, group: Group): Placed {
    const named = { ...placed, group };
    const { table, base } = this.#ringAt(placed.place);
    const ring = this.#ringOf(group);
    this.#points.release(placed);
    ring.points.forEach((point, i) => {
      this.#points.adopt(named, point.toBytes(false), table[i]!);
    });
    if (ring.base) this.#points.adopt(named, ring.base.toBytes(false), base);
    return named;
  }

  #isSame({ place, limit }: Placed, group: Group): boolean {
    const { start, untilNs } = this.#ringAt(place);
    if (limit !== (group.limit ?? 0) || untilNs !== 0n) return false;
    return startOf(this.#ringOf(group)).every((word, i) => word === start.h[i]);
  }

  /* ---- places ---- */

  #takePlace(group: Group): Placed & { since: number } {
    const free = this.#free.shift();
    if (!free) {
      const message = `there are as many epochs as fit: remove a group, or attach with a larger maxGroups`;
      throw new BpfError('ERR_MAP_FULL', message);
    }
    const { epoch, limit = 0, members } = group;
    return { ...free, epoch, limit, members: members.length, group };
  }

  /** Nobody looks for it any more. */
  #leave(id: number, placed: Placed | undefined): void {
    if (!placed) return;
    this.#points.release(placed);
    this.#free.push({ place: placed.place, since: performance.now() });
    const { images } = this.#maps;
    const over = [...images.keys()].filter(({ group, epoch }) => group === id && epoch === placed.epoch);
    for (const image of over) images.delete(image);
  }

  /** Both at once: a word. */
  #write(id: number, current: number, previous: number): void {
    const { groups } = this.#maps;
    groups.view().setBigUint64(id * groups.stride, BigInt(current) | (BigInt(previous) << 32n), true);
  }

  #ringAt(place: number): ZkpRingKey {
    return this.#maps.rings.at(place - 1);
  }

  #get(id: number): Entry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    throw new BpfError('ERR_NOT_FOUND', `group ${id} is not there: add it`);
  }

  #ringOf(group: Group): Ring {
    return ringOf(group, this.#audience);
  }

  /** Keys of any form, as everybody can read them. Throws ERR_BAD_VALUE. */
  #describe({ id, members, epoch = 1, limit = 0 }: GroupOptions): Group {
    const group = { id, epoch, limit, members: members.map((key) => hex(p256PublicKey(key).point)) };
    try {
      this.#ringOf(group);
    } catch (cause) {
      throw new BpfError('ERR_BAD_VALUE', (cause as Error).message, { cause });
    }
    return group;
  }
}

function startOf(ring: Ring): number[] {
  return sha256State(ring.start);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
