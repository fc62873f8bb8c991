import type { EngineKeys, Job, Outcome } from '../perform.js';

/**
 * Something that does operations: the pool of workers, the CPU's own instructions, or a card. What is plugged in as
 * `hardware` implements this; its key material stays with it until the next setKeys().
 *
 * An engine may be slow, fail or be wrong: requests that it rejects, or keeps for longer than `stallMs`, are done by
 * another one, and it is asked again once its probes come back right.
 */
export interface Engine {
  /** For logs and stats(). */
  readonly name: string;
  /** Whether it only behaves like hardware: told in stats(), so that nobody takes its figures for a card's. */
  readonly isSimulated: boolean;
  /** All keys that there are from now on. */
  setKeys(keys: EngineKeys): void;
  /** Tells what it cost, if it can. Rejects when the engine could not do it; what is wrong with the request is an outcome. */
  perform(job: Job): Promise<Outcome>;
  close(): Promise<void>;
}
