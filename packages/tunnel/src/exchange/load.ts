import { isIPv6 } from 'node:net';

/*
 * A handshake costs four multiplications on a curve, half a millisecond; a MAC some microseconds. Under load whoever
 * wants one has to show that he receives where he writes from, and each source has a rate.
 */

/** Handshake messages in a second from which on we are under load, and milliseconds that it lasts. */
const LOAD_PER_SECOND = 500;
const LOAD_LASTS_MS = 1000;

/** Tells load by the messages whose mac1 is right. */
export class LoadGauge {
  readonly #perSecond: number;
  #level = 0;
  #levelMs = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond = LOAD_PER_SECOND) {
    this.#perSecond = perSecond;
  }

  /** Counts one more message; whether we are under load. */
  isHigh(nowMs: number): boolean {
    const leaked = ((nowMs - this.#levelMs) * this.#perSecond) / 1000;
    this.#level = Math.min(Math.max(0, this.#level - leaked), this.#perSecond) + 1;
    this.#levelMs = nowMs;
    if (this.#level > this.#perSecond) this.#untilMs = nowMs + LOAD_LASTS_MS;
    return nowMs < this.#untilMs;
  }
}

const PER_SECOND = 20;
const BURST = 5;
const MS_PER_MESSAGE = 1000 / PER_SECOND;
/** A bucket that was not used for so long is full: forgetting it changes nothing. */
const FULL_MS = BURST * MS_PER_MESSAGE;
/** Sources that are remembered at a time; when there are more, new ones wait. */
const MAX_SOURCES = 65_536;

/** A token bucket for each source, an IPv4 address or an IPv6 /64. */
export class SourceLimiter {
  /** When the bucket of a source would be full, in the order of their last use. */
  readonly #fullAt = new Map<string, number>();

  allow(address: string, nowMs: number): boolean {
    const source = sourceOf(address);
    const full = Math.max(this.#fullAt.get(source) ?? 0, nowMs);
    if (full - nowMs > FULL_MS - MS_PER_MESSAGE) return false;
    this.#fullAt.delete(source);
    this.#forget(nowMs);
    if (this.#fullAt.size >= MAX_SOURCES) return false;
    this.#fullAt.set(source, full + MS_PER_MESSAGE);
    return true;
  }

  /** Those at the front that are full again: a bounded share of the work of each call. */
  #forget(nowMs: number): void {
    let looked = 0;
    for (const [source, fullAt] of this.#fullAt) {
      if (fullAt > nowMs || looked++ === 16) return;
      this.#fullAt.delete(source);
    }
  }
}

/** The first four groups of an IPv6 address stand for its /64. */
function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [plain = ''] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail === undefined) return groups.slice(0, 4).join(':');
  const behind = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - groups.length - behind.length }, () => '0');
  return [...groups, ...zeros, ...behind].slice(0, 4).join(':');
}
