import type { OffloadKernel } from './kernel.js';
import { type EngineKeys, isSame, type Job, Performer } from './perform.js';
import type { BpfProbe } from './probe.js';
import { Probing, probesFor, timeJob } from './probing.js';

/** The program as a route: whether it is trusted. */
export class BpfRoute {
  readonly #kernel: OffloadKernel;
  readonly #probe: BpfProbe;
  readonly #judge = new Performer();
  readonly #probing = new Probing(
    async () => this.#isRight(),
    (right) => this.#hear(right),
  );
  #question: Job | undefined;
  #outages = 0;

  constructor(kernel: OffloadKernel, probe: BpfProbe) {
    this.#kernel = kernel;
    this.#probe = probe;
  }

  get isOut(): boolean {
    return this.#kernel.isBpfOut;
  }

  /** How often it was taken out. */
  get outages(): number {
    return this.#outages;
  }

  setKeys(keys: EngineKeys): void {
    this.#judge.setKeys(keys);
  }

  /** Asks it again, if an earlier controller took it out. */
  begin(): void {
    if (this.isOut) this.#probing.start(true);
  }

  /** No more requests, until it has what it got wrong right. */
  takeOut(question: Job): void {
    this.#question = question;
    this.#outages++;
    this.#kernel.setBpfOut(true);
    this.#probing.start(true);
  }

  close(): void {
    this.#probing.stop();
    this.#question = undefined;
  }

  #isRight(): boolean {
    const job = this.#question ?? timeJob();
    const found = this.#probe.perform(job);
    const nonce = job.nonce && found?.result.slice(0, job.nonce.length);
    return found !== undefined && isSame(found, this.#judge.perform({ ...job, nonce }));
  }

  #hear(right: number): boolean {
    if (right < probesFor(this.#outages)) return false;
    this.#kernel.setBpfOut(false);
    this.#question = undefined;
    return true;
  }
}
