import { BpfError } from '@cryptbpf/core';
import type { Tables } from './tables.js';

interface Used {
  readonly number: number;
  /** Rings that compute with it. */
  readonly users: Set<object>;
}

/** So that a proof that is just being checked does not read half of another table. */
const REST_MS = 100;

/** Which table belongs to which point: one for each, however many rings have it. */
export class PointNumbers {
  readonly #tables: Tables;
  readonly #byPoint = new Map<string, Used>();
  readonly #free: { number: number; since: number }[];

  constructor(tables: Tables, count: number) {
    this.#tables = tables;
    this.#free = Array.from({ length: count }, (_, number) => ({ number, since: Number.NEGATIVE_INFINITY }));
  }

  /** What an earlier controller wrote. */
  adopt(user: object, point: Uint8Array, number: number): void {
    const at = this.#free.findIndex((free) => free.number === number);
    if (at >= 0) this.#free.splice(at, 1);
    this.#usedBy(user, String(point), number);
  }

  /** The numbers of points in SEC 1 form, each with its table. Throws ERR_MAP_FULL, and then takes none. */
  async take(user: object, points: readonly Uint8Array[]): Promise<number[]> {
    const missing = points.filter((point) => !this.#byPoint.has(String(point)));
    if (missing.length > this.#free.length) {
      const message = `no room for ${missing.length} more members, but for ${this.#free.length}: attach with a larger maxMembers`;
      throw new BpfError('ERR_MAP_FULL', message);
    }
    const found = missing.map((point) => ({ point, ...this.#free.shift()! }));
    for (const { point, number } of found) this.#usedBy(user, String(point), number);
    for (const { point, number, since } of found) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, since + REST_MS - performance.now())));
      await this.#tables.write(number, point);
    }
    return points.map((point) => this.#usedBy(user, String(point)));
  }

  /** The ring is gone. */
  release(user: object): void {
    for (const [point, { number, users }] of this.#byPoint) {
      if (!users.delete(user) || users.size > 0) continue;
      this.#byPoint.delete(point);
      this.#free.push({ number, since: performance.now() });
    }
  }

  #usedBy(user: object, point: string, number = -1): number {
    const used = this.#byPoint.get(point) ?? { number, users: new Set() };
    used.users.add(user);
    this.#byPoint.set(point, used);
    return used.number;
  }
}
