import { setTimeout as sleep } from 'node:timers/promises';

/** What may go at once: timers are too coarse for single packets, and after a wait for the disk some is made up for. */
const BURST_MS = 10;

/** So many bytes per second; undefined: no limit. */
export class Pace {
  readonly #bytesPerMs: number;
  /** When what has gone will have taken its time. */
  #next = 0;

  constructor(bytesPerSecond = Number.POSITIVE_INFINITY) {
    if (!(bytesPerSecond > 0))
      throw new RangeError(`bytesPerSecond is ${bytesPerSecond}, expected a number above 0`);
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Resolves when so many bytes may go. Rejects with an AbortError. */
  async wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = performance.now();
    this.#next = Math.max(this.#next, now - BURST_MS) + bytes / this.#bytesPerMs;
    if (this.#next > now) await sleep(this.#next - now, undefined, { signal });
  }
}
