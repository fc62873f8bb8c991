import { openObject } from '@cryptbpf/core';
import { type Replay, ReplayOperation, type ReplayTestObject, replayCaseCodec } from './replay.gen.js';

/* The replay window in the kernel: bpf/test/replay_test.bpf.c. */

const BUILD = new URL('../../../build/bpf/', import.meta.url);
const EMPTY_FRAME = new Uint8Array(64);

/** How many counters one run can judge. */
export const REPLAY_BATCH = 1024;

export interface ReplayQuestion {
  readonly counter: bigint;
  /** Whether to commit it, or only to check. */
  readonly commit: boolean;
}

/** A window, of which each CPU may ask at any time. */
export class ReplayCrypto implements Disposable {
  readonly object = openObject<ReplayTestObject>(new URL('replay_test.bpf.o', BUILD)).load();
  readonly #windows = this.object.maps.windows.view();
  readonly #batch = this.object.maps.batch.view();
  readonly #accepted = wordsOf(this.object.maps.accepted.view());

  /** Forgets all counters. */
  reset(): void {
    const { verdicts } = this.object.maps;
    wordsOf(this.#windows).fill(0n);
    this.#accepted.fill(0n);
    const none = { of: [0n, 0n, 0n, 0n] };
    verdicts.set(
      0,
      verdicts.get(0)!.map(() => none),
    );
  }

  /** The largest counter that was committed. */
  get largest(): bigint {
    return this.#windows.getBigUint64(0, true);
  }

  /** Of each counter below 131072: how often replay_race accepted it. */
  get accepted(): Readonly<BigUint64Array> {
    return this.#accepted;
  }

  /** Any number of questions, answered one after the other. */
  judge(questions: readonly ReplayQuestion[]): Replay[] {
    const answers: Replay[] = [];
    for (let at = 0; at < questions.length; at += REPLAY_BATCH) {
      answers.push(...this.#judge(questions.slice(at, at + REPLAY_BATCH)));
    }
    return answers;
  }

  #judge(questions: readonly ReplayQuestion[]): Replay[] {
    questions.forEach(({ counter, commit }, i) => {
      const operation = commit ? ReplayOperation.REPLAY_OP_COMMIT : ReplayOperation.REPLAY_OP_CHECK;
      replayCaseCodec.encode(this.#batch, i * replayCaseCodec.size, { counter, operation, verdict: 0 });
    });
    this.object.variables.batch_cases = questions.length;
    this.object.programs.replay_run.testRun({ data: EMPTY_FRAME });
    return questions.map((_, i) => replayCaseCodec.decode(this.#batch, i * replayCaseCodec.size).verdict);
  }

  [Symbol.dispose](): void {
    this.object.close();
  }
}

function wordsOf(view: DataView): BigUint64Array {
  return new BigUint64Array(view.buffer, view.byteOffset, view.byteLength / 8);
}
