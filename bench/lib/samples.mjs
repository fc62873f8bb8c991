/** Times of many small batches of the same work, in any one unit. */
export class Samples {
  #values = [];

  add(...values) {
    this.#values.push(...values);
  }

  get count() {
    return this.#values.length;
  }

  /** The least disturbed batch. */
  get best() {
    return Math.min(...this.#values);
  }

  get median() {
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }
}

const STABLE = 1.02;

/**
 * Runs both sides in turns, so that a disturbance hits both, at least minRounds times, and until the best of
 * neither got better by more than 2 % in the last two rounds, or the time is over. A side is a function that
 * returns the times of its batches.
 */
export async function takeTurns(sides, { minRounds = 4, budgetMs = 10_000 } = {}) {
  const samples = sides.map(() => new Samples());
  const bests = [];
  const end = performance.now() + budgetMs;
  while (bests.length < minRounds || (!isStable(bests) && performance.now() < end)) {
    for (const [i, side] of sides.entries()) samples[i].add(...(await side()));
    bests.push(samples.map(({ best }) => best));
  }
  return samples;
}

function isStable(bests) {
  const [earlier, last] = [bests.at(-3), bests.at(-1)];
  return earlier !== undefined && last.every((best, i) => earlier[i] / best < STABLE);
}
