export interface Progress {
  /** Hashes tried so far, over all workers. */
  hashes: number;
  /** Hashes per second since the start. */
  rate: number;
  /** Hashes that such a puzzle takes on average, 2^difficulty. Luck decides: a third of them takes longer. */
  expected: number;
}

const INTERVAL_MS = 100;

/** Turns hash counts into calls of `onProgress`, about ten a second. */
export class ProgressMeter {
  readonly #expected: number;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #start = Date.now();
  #last = this.#start;

  constructor(difficulty: number, onProgress: ((progress: Progress) => void) | undefined) {
    this.#expected = 2 ** difficulty;
    this.#onProgress = onProgress;
  }

  update(hashes: number): void {
    const now = Date.now();
    if (!this.#onProgress || hashes === 0 || now - this.#last < INTERVAL_MS) return;
    this.#last = now;
    const rate = Math.round((hashes * 1000) / (now - this.#start));
    this.#onProgress({ hashes, rate, expected: this.#expected });
  }
}
