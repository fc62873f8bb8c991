import { randomBytes } from 'node:crypto';
import { bootTimeNs } from '@cryptbpf/core';
import type { SignedAuthObject } from './signed_auth.gen.js';
import type { Entry } from './trust.js';

/** A session that lets packets pass. */
export interface SessionInfo {
  readonly id: bigint;
  readonly keyId: number;
  /** Seconds. */
  readonly expiresIn: number;
  /** When a packet of it passed last. */
  readonly lastSeen: Date | undefined;
}

interface Open {
  readonly id: bigint;
  readonly place: number;
  readonly generation: number;
  readonly keyId: number;
  readonly expiresNs: bigint;
}

type Maps = Pick<SignedAuthObject['maps'], 'sessions' | 'session_states'>;

const INDEX_BITS = 20n;
const INDEX_MASK = (1n << INDEX_BITS) - 1n;
/** So that a packet that is just being judged does not write to the window of another session. */
const REST_NS = 1_000_000_000n;
const NO_SESSION = { id: 0n, expiresNs: 0n, key: { k0: 0n, k1: 0n }, place: 0, generation: 0, keyId: 0 };

/** The sessions in the program's maps. */
export class Sessions {
  readonly #maps: Maps;
  /** By index, the oldest first. */
  readonly #open = new Map<number, Open>();
  readonly #free: { index: number; since: bigint }[] = [];

  /** Takes over those that the maps hold. */
  constructor(maps: Maps) {
    this.#maps = maps;
    const now = bootTimeNs();
    for (let index = 0; index < maps.sessions.maxEntries; index++) {
      const session = maps.sessions.at(index);
      if (session.id !== 0n && session.expiresNs > now) {
        this.#open.set(index, { ...session, id: swap(session.id) });
      } else {
        this.#free.push({ index, since: 0n });
      }
    }
  }

  /** An id for a session to come; undefined: there is no room. begin() is to follow at once. */
  reserve(): bigint | undefined {
    const now = bootTimeNs();
    for (const [index, { expiresNs }] of this.#open) if (expiresNs <= now) this.#end(index);
    const first = this.#free[0];
    if (!first || (first.since !== 0n && first.since + REST_NS > now)) return undefined;
    const random = randomBytes(8).readBigUInt64LE() | (1n << 63n);
    return (random & ~INDEX_MASK) | BigInt(first.index);
  }

  /** key: 16 bytes. */
  begin(id: bigint, key: Uint8Array, { place, generation, id: keyId }: Entry, lifetime: number): void {
    const index = Number(id & INDEX_MASK);
    const expiresNs = bootTimeNs() + BigInt(lifetime) * 1_000_000_000n;
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    const secret = { k0: view.getBigUint64(0, true), k1: view.getBigUint64(8, true) };
    this.#free.shift();
    this.#maps.session_states.set(index, new Uint8Array(this.#maps.session_states.spec.valueSize));
    const session = { id: 0n, expiresNs, key: secret, place, generation, keyId };
    this.#maps.sessions.set(index, session);
    this.#maps.sessions.set(index, { ...session, id: swap(id) });
    this.#open.set(index, { id, place, generation, keyId, expiresNs });
  }

  /** Ends the oldest sessions of a key, until it has no more than so many. */
  limit({ place, generation }: Entry, most: number): void {
    const own = [...this.#open].filter(([, open]) => open.place === place && open.generation === generation);
    for (const [index] of own.slice(0, Math.max(0, own.length - most))) this.#end(index);
  }

  /** False: there is none of that id. */
  end(id: bigint): boolean {
    const index = Number(id & INDEX_MASK);
    if (this.#open.get(index)?.id !== id) return false;
    this.#end(index);
    return true;
  }

  list(): SessionInfo[] {
    const now = bootTimeNs();
    return [...this.#open]
      .filter(([, { expiresNs }]) => expiresNs > now)
      .map(([index, { id, keyId, expiresNs }]) => ({
        id,
        keyId,
        expiresIn: Number(expiresNs - now) / 1e9,
        lastSeen: this.#lastSeen(index, now),
      }));
  }

  #lastSeen(index: number, now: bigint): Date | undefined {
    const state = this.#maps.session_states.at(index);
    const seen = new DataView(state.buffer, state.byteOffset).getBigUint64(0, true);
    return seen === 0n ? undefined : new Date(Date.now() - Number(now - seen) / 1e6);
  }

  #end(index: number): void {
    this.#maps.sessions.set(index, NO_SESSION);
    this.#open.delete(index);
    this.#free.push({ index, since: bootTimeNs() });
  }
}

/** Between a number and its bytes in network byte order, read as the machine does. */
function swap(id: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, id);
  return view.getBigUint64(0, true);
}
