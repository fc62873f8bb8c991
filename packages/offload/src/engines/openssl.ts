import { BpfError } from '@cryptbpf/core';
import { detectHardware } from '../detect.js';
import { type EngineKeys, type Job, type Outcome, Performer } from '../perform.js';
import type { Engine } from './engine.js';

/** Jobs that are done before other work has its turn. */
const BATCH = 16;

/**
 * The CPU's instructions for AES and SHA, through OpenSSL, in the controller's own thread: no worker is woken up. For
 * small data where the CPU has them; a long job holds up all others.
 */
export class CpuEngine implements Engine {
  readonly name = 'CPU instructions through OpenSSL';
  readonly isSimulated = false;
  readonly #performer = new Performer();
  readonly #waiting: (() => void)[] = [];

  /** Throws ERR_NOT_SUPPORTED where the CPU has no instructions for AES. */
  constructor() {
    if (detectHardware().cpu.includes('aes')) return;
    throw new BpfError('ERR_NOT_SUPPORTED', 'this CPU has no AES instructions: leave the hardware route out');
  }

  setKeys(keys: EngineKeys): void {
    this.#performer.setKeys(keys);
  }

  perform(job: Job): Promise<Outcome> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#work());
      this.#waiting.push(() => resolve(this.#performer.measure(job)));
    });
  }

  async close(): Promise<void> {}

  #work(): void {
    for (const run of this.#waiting.splice(0, BATCH)) run();
    if (this.#waiting.length > 0) setImmediate(() => this.#work());
  }
}
