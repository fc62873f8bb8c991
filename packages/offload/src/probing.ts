import { bootTimeNs } from '@cryptbpf/core';
import type { Job } from './perform.js';

/** How often probes are sent, and how many in a row must be right at least. */
const PROBE_MS = 10;
const PROBES = 3;
/** A route that was out before has to be right for longer: up to so many times, still well within a second. */
const CAUTION_MAX = 16;

/** Right probes that bring a route back which is out for the so-manieth time. */
export function probesFor(outages: number): number {
  return PROBES * Math.min(CAUTION_MAX, 2 ** Math.max(0, outages - 1));
}

/** Asks a route, one question at a time, for something of which the answer is known. */
export class Probing {
  readonly #ask: () => Promise<boolean>;
  readonly #hear: (right: number, tookMs: number) => boolean;
  #timer: NodeJS.Timeout | undefined;
  #right = 0;
  #isAsking = false;

  /** ask: whether it was right. hear: told how often in a row it has been, and in what time, says whether that is enough. */
  constructor(ask: () => Promise<boolean>, hear: (right: number, tookMs: number) => boolean) {
    this.#ask = ask;
    this.#hear = hear;
  }

  /** From now on; what came before does not count when it begins anew. */
  start(isAnew = false): void {
    if (isAnew) this.#right = 0;
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#probe(), PROBE_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #probe(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const startedMs = performance.now();
    const isRight = await this.#ask();
    this.#isAsking = false;
    if (!this.#timer) return;
    this.#right = isRight ? this.#right + 1 : 0;
    if (this.#hear(this.#right, performance.now() - startedMs)) this.stop();
  }
}

/** A question that was not asked before. */
export function timeJob(): Job {
  return { operation: 0, key: 0, nonce: undefined, data: Buffer.from(`probe ${bootTimeNs()}`) };
}
