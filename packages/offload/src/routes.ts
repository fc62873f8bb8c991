import { bootTimeNs } from '@cryptbpf/core';
import type { Engine } from './engines/engine.js';
import { type OffloadObject, type OffloadQueue, offloadQueueCodec } from './offload.gen.js';
import { type EngineKeys, type Job, type Outcome, Performer } from './perform.js';
import { NOT_SLOWER, SLOW, slowerBy } from './policy.js';

/** How often probes are sent to an engine that is out, or slow, and how many in a row must be right. */
const PROBE_MS = 10;
const PROBES = 3;

export interface Attempt {
  readonly startedMs: number;
  readonly job: Job;
  settle(outcome: Outcome): void;
  /** The engine will not do it, whatever it says later. */
  giveUp(error: Error): void;
}

type QueueMaps = Pick<OffloadObject['maps'], 'given' | 'queues'>;

export type RouteProblem = 'failed' | 'stalled' | 'wrong';

/** One engine, what it is at work on, and whether it is trusted with more. */
export class EngineRoute {
  readonly index: number;
  readonly engine: Engine;
  readonly #queue: QueueView;
  readonly #stallMs: number;
  readonly #attempts = new Set<Attempt>();
  readonly #probe = new Performer();
  readonly #onProblem: (problem: RouteProblem, error: Error) => void;
  #isOut = false;
  #probes = 0;
  #probeTimer: NodeJS.Timeout | undefined;
  #outages = 0;
  #isAsking = false;
  #isClosed = false;
  #usualMs = Number.POSITIVE_INFINITY;

  constructor(
    index: number,
    engine: Engine,
    maps: QueueMaps,
    stallMs: number,
    onProblem: (problem: RouteProblem, error: Error) => void,
  ) {
    this.index = index;
    this.engine = engine;
    this.#queue = new QueueView(maps, index);
    this.#stallMs = stallMs;
    this.#onProblem = onProblem;
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  /** How much slower than its estimates it is, in 256ths. */
  get slowness(): number {
    return this.#queue.slowness;
  }

  /** A route that is slow is measured by probes, not by requests. */
  set slowness(slowness: number) {
    if (slowness !== this.slowness) this.#queue.setSlowness(slowness);
    if (slowness > SLOW) this.#startProbing();
  }

  /** How often it was taken out. */
  get outages(): number {
    return this.#outages;
  }

  /** Packets that were given to it and are not done. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Requests that it is at work on. */
  get busy(): number {
    return this.#attempts.size;
  }

  setKeys(keys: EngineKeys): void {
    this.engine.setKeys(keys);
  }

  /** Learns what a probe takes while nothing else is to be done. */
  begin(): void {
    this.#startProbing();
  }

  /** A packet that was given to this route is done. */
  count(): void {
    this.#queue.count();
  }

  /** Calls back once: attempt.settle, or attempt.giveUp when the engine is taken out before. */
  start(attempt: Attempt): void {
    this.#attempts.add(attempt);
    this.engine.perform(attempt.job).then(
      (outcome) => {
        if (this.#attempts.delete(attempt)) attempt.settle(outcome);
      },
      (error: Error) => {
        if (!this.#attempts.has(attempt)) return;
        this.takeOut('failed', error);
      },
    );
  }

  /** Takes the route out when its oldest request is overdue. */
  watch(nowMs: number): void {
    const [oldest] = this.#attempts;
    if (!oldest || this.#isOut || nowMs - oldest.startedMs < this.#stallMs) return;
    this.takeOut('stalled', new Error(`${this.engine.name} gave no result within ${this.#stallMs} ms`));
  }

  /** No more requests; those it has go to another route. */
  takeOut(problem: RouteProblem, error: Error): void {
    if (!this.#isOut) {
      this.#isOut = true;
      this.#outages++;
      this.#queue.setOut(true);
      this.#probes = 0;
      this.#startProbing();
      this.#onProblem(problem, error);
    }
    const left = [...this.#attempts];
    this.#attempts.clear();
    for (const attempt of left) attempt.giveUp(error);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopProbing();
    this.#attempts.clear();
  }

  /** Asks the engine, which may be out or slow, for something of which the answer is known. One probe at a time. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const startedMs = performance.now();
    const isRight = await this.#isRight();
    this.#isAsking = false;
    if (this.#isClosed) return;
    this.#probes = isRight ? this.#probes + 1 : 0;
    if (isRight) this.#time(performance.now() - startedMs);
    if (this.#isOut && this.#probes >= PROBES) {
      this.#isOut = false;
      this.#queue.setOut(false);
    }
    if (!this.#isOut && this.#probes >= PROBES && this.slowness <= SLOW) this.#stopProbing();
  }

  async #isRight(): Promise<boolean> {
    const job: Job = { operation: 0, key: 0, nonce: undefined, data: Buffer.from(`probe ${bootTimeNs()}`) };
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, this.#stallMs, undefined).unref());
    const found = await Promise.race([this.engine.perform(job).catch(() => undefined), late]);
    return found !== undefined && isSame(found, this.#probe.perform(job));
  }

  /** The fastest one says what a probe usually takes; later ones whether a slow engine is itself again. */
  #time(tookMs: number): void {
    if (this.slowness > NOT_SLOWER && this.#usualMs < Number.POSITIVE_INFINITY)
      this.slowness = slowerBy(this.slowness, tookMs / this.#usualMs);
    else this.#usualMs = Math.min(this.#usualMs, tookMs);
  }

  #startProbing(): void {
    if (this.#probeTimer) return;
    this.#probeTimer = setInterval(() => void this.#ask(), PROBE_MS);
    this.#probeTimer.unref();
  }

  #stopProbing(): void {
    clearInterval(this.#probeTimer);
    this.#probeTimer = undefined;
  }
}

export function isSame(a: Outcome, b: Outcome): boolean {
  return a.error === b.error && Buffer.compare(a.result, b.result) === 0;
}

/** What the program counts, and what the controller does. */
class QueueView {
  readonly #maps: QueueMaps;
  readonly #index: number;
  #queue: OffloadQueue;

  /** Nothing waits: what an earlier controller left is not answered. */
  constructor(maps: QueueMaps, index: number) {
    this.#maps = maps;
    this.#index = index;
    this.#queue = { done: this.#given, isOut: 0, slowness: NOT_SLOWER };
    this.#write();
  }

  get depth(): number {
    return (this.#given - this.#queue.done) >>> 0;
  }

  count(): void {
    this.#queue = { ...this.#queue, done: (this.#queue.done + 1) >>> 0 };
    this.#write();
  }

  get slowness(): number {
    return this.#queue.slowness;
  }

  setSlowness(slowness: number): void {
    this.#queue = { ...this.#queue, slowness };
    this.#write();
  }

  setOut(isOut: boolean): void {
    this.#queue = { ...this.#queue, isOut: isOut ? 1 : 0 };
    this.#write();
  }

  get #given(): number {
    return this.#maps.given.view().getUint32(this.#index * this.#maps.given.stride, true);
  }

  #write(): void {
    const { queues } = this.#maps;
    offloadQueueCodec.encode(queues.view(), this.#index * queues.stride, this.#queue);
  }
}
