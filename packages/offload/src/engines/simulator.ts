import { type EngineKeys, type Job, type Outcome, Performer } from '../perform.js';
import type { Engine } from './engine.js';

/** How the simulated card behaves; all can be changed while it works. */
export interface SimulatedCard {
  /** Microseconds that a request takes at least. Default 50. */
  latencyUs: number;
  /** Microseconds that a request takes of a CPU, for its driver. Default 2. */
  cpuUs: number;
  /** Bytes per microsecond. Default 2000. */
  bytesPerUs: number;
  /** Requests that it takes at a time; it rejects more. Default 256. */
  queueDepth: number;
  /** 'rejects' all requests, 'stalls' (never answers), or answers 'wrong'. Default 'none'. */
  failure: 'none' | 'rejects' | 'stalls' | 'wrong';
}

const DEFAULTS: SimulatedCard = {
  latencyUs: 50,
  cpuUs: 2,
  bytesPerUs: 2000,
  queueDepth: 256,
  failure: 'none',
};

/**
 * Behaves like a card, for tests and demonstrations: results are OpenSSL's, times are made up, with the precision of
 * timers. Never what a service uses unless it is asked for.
 */
export class SimulatedHardware implements Engine {
  readonly name = 'simulated card';
  readonly isSimulated = true;
  readonly card: SimulatedCard;
  readonly #performer = new Performer();
  readonly #timers = new Set<NodeJS.Timeout | NodeJS.Immediate>();
  #inside = 0;
  #freeAtMs = 0;

  constructor(card: Partial<SimulatedCard> = {}) {
    this.card = { ...DEFAULTS, ...card };
  }

  setKeys(keys: EngineKeys): void {
    this.#performer.setKeys(keys);
  }

  async perform(job: Job): Promise<Outcome> {
    const { failure, queueDepth } = this.card;
    if (failure === 'rejects') throw new Error('the simulated card failed');
    if (this.#inside >= queueDepth) throw new Error(`the simulated card has ${queueDepth} requests already`);
    this.#inside++;
    try {
      if (failure === 'stalls') await new Promise(() => {});
      await this.#pass(this.#takeTurn(job.data.length));
      return { ...this.#distort(this.#performer.perform(job)), costNs: this.card.cpuUs * 1000 };
    } finally {
      this.#inside--;
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer as NodeJS.Timeout);
    this.#timers.clear();
  }

  /** Milliseconds until it is done: behind those that are before it. */
  #takeTurn(bytes: number): number {
    const now = performance.now();
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + bytes / this.card.bytesPerUs / 1000;
    return this.#freeAtMs - now + this.card.latencyUs / 1000;
  }

  /** Timers have a precision of a millisecond: what is shorter is polled for. */
  #pass(ms: number): Promise<void> {
    const until = performance.now() + ms;
    return new Promise((resolve) => {
      const look = () => {
        if (performance.now() >= until) resolve();
        else setImmediate(look);
      };
      if (ms < 2) return look();
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        look();
      }, ms - 1);
      this.#timers.add(timer);
    });
  }

  #distort(outcome: Outcome): Outcome {
    if (this.card.failure !== 'wrong') return outcome;
    const result = outcome.result.slice();
    if (result.length > 0) result[result.length - 1]! ^= 1;
    return { ...outcome, result };
  }
}
