import { Replay } from './replay.gen.js';

export const REPLAY_WINDOW = 8192n;

/** What bpf/lib/replay.h promises, with all counters remembered one by one. */
export class ReplayWindow {
  readonly #seen = new Set<bigint>();
  largest = 0n;

  check(counter: bigint): Replay {
    if (this.largest - counter >= REPLAY_WINDOW) return Replay.REPLAY_OLD;
    return this.#seen.has(counter) ? Replay.REPLAY_SEEN : Replay.REPLAY_FRESH;
  }

  commit(counter: bigint): Replay {
    const verdict = this.check(counter);
    if (verdict === Replay.REPLAY_FRESH) {
      this.#seen.add(counter);
      if (counter > this.largest) this.largest = counter;
    }
    return verdict;
  }
}
