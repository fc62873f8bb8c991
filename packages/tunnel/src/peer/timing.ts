import { bootTimeNs } from '@cryptbpf/core';

/** WireGuard's constants, in milliseconds (its paper, section 6.1; the last two as its implementations have them). */
export const REKEY_AFTER_MS = 120_000;
export const REJECT_AFTER_MS = 180_000;
export const REKEY_ATTEMPT_MS = 90_000;
export const REKEY_TIMEOUT_MS = 5_000;
export const KEEPALIVE_TIMEOUT_MS = 10_000;
export const REKEY_JITTER_MS = 334;
/** At least so far apart are two initiations of one peer. */
export const INITIATION_INTERVAL_MS = 1000 / 50;

/** When keys are renewed. */
export interface Renewal {
  /** Age of a session from which on its initiator renews it. */
  readonly afterMs: number;
  /** Packets under one key after which either side does. */
  readonly afterMessages: bigint;
  /** Two initiations are at least so far apart, but for a little chance. */
  readonly timeoutMs: number;
}

/** What time it is; tests have their own. */
export interface Clock {
  /** The boot clock, in milliseconds. */
  bootMs(): number;
  /** Unix time in nanoseconds. */
  unixNs(): bigint;
}

export const systemClock: Clock = {
  bootMs: () => Number(bootTimeNs()) / 1e6,
  unixNs: () => BigInt(Date.now()) * 1_000_000n,
};

/** A time at which something is due, and since when that is so. */
export class Timer {
  #since = 0;
  #dueMs = Number.POSITIVE_INFINITY;

  set(sinceMs: number, afterMs: number): void {
    this.#since = sinceMs;
    this.#dueMs = sinceMs + afterMs;
  }

  clear(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  get pending(): boolean {
    return this.#dueMs !== Number.POSITIVE_INFINITY;
  }

  /** Of something that happened at that time, and makes it needless. */
  clearBy(ms: number): void {
    if (ms >= this.#since) this.clear();
  }

  /** Whether it is due; if so, it is cleared. */
  expire(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false;
    this.clear();
    return true;
  }
}
