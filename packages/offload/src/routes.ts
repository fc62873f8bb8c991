import type { Engine } from './engines/engine.js';
import { type OffloadObject, type OffloadQueue, offloadQueueCodec } from './offload.gen.js';
import { type EngineKeys, isSame, type Job, type Outcome, Performer } from './perform.js';
import { NOT_SLOWER, SLOW, slowerBy } from './policy.js';
import { Probing, probesFor, timeJob } from './probing.js';

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
  readonly #judge = new Performer();
  readonly #probing = new Probing(
    () => this.#ask(),
    (right, tookMs) => this.#hear(right, tookMs),
  );
  readonly #onProblem: (problem: RouteProblem, error: Error) => void;
  #question: Job | undefined;
  #isOut = false;
  #outages = 0;
  #cpuNs = 0;
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
    if (slowness > SLOW) this.#probing.start();
  }

  /** How often it was taken out. */
  get outages(): number {
    return this.#outages;
  }

  /** Milliseconds of a CPU that its requests took, with this thread's part. */
  get cpuMs(): number {
    return this.#cpuNs / 1e6;
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
    this.#judge.setKeys(keys);
  }

  /** Learns what a probe takes while nothing else is to be done. */
  begin(): void {
    this.#probing.start();
  }

  countCost(ns: number): void {
    this.#cpuNs += ns;
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

  /** No more requests; those it has go to another route. It comes back when it has the question right, if there is one. */
  takeOut(problem: RouteProblem, error: Error, question?: Job): void {
    if (!this.#isOut) {
      this.#isOut = true;
      this.#outages++;
      this.#question = question;
      this.#queue.setOut(true);
      this.#probing.start(true);
      this.#onProblem(problem, error);
    }
    const left = [...this.#attempts];
    this.#attempts.clear();
    for (const attempt of left) attempt.giveUp(error);
  }

  close(): void {
    this.#probing.stop();
    this.#attempts.clear();
  }

  async #ask(): Promise<boolean> {
    const job = this.#question ?? timeJob();
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, this.#stallMs, undefined).unref());
    const found = await Promise.race([this.engine.perform(job).catch(() => undefined), late]);
    return found !== undefined && isSame(found, this.#judge.perform(job));
  }

  #hear(right: number, tookMs: number): boolean {
    if (right > 0 && !this.#question) this.#time(tookMs);
    if (this.#isOut && right >= probesFor(this.#outages)) {
      this.#isOut = false;
      this.#question = undefined;
      this.#queue.setOut(false);
    }
    return !this.#isOut && right >= probesFor(0) && this.slowness <= SLOW;
  }

  /** The fastest one says what a probe usually takes; later ones whether a slow engine is itself again. */
  #time(tookMs: number): void {
    if (this.slowness > NOT_SLOWER && this.#usualMs < Number.POSITIVE_INFINITY)
      this.slowness = slowerBy(this.slowness, tookMs / this.#usualMs);
    else this.#usualMs = Math.min(this.#usualMs, tookMs);
  }
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
