import { Reason } from '@cryptbpf/core';
import { afterAll, expect, test } from 'vitest';
import {
  ADMITTED4,
  ADMITTED6,
  corpus,
  ENDED4,
  LISTS,
  STRANGER4,
  STRANGER6,
  solution,
} from './support/corpus.js';
import { type Ran, TestGate } from './support/gate.js';
import { type Base, mutate } from './support/mutate.js';
import { Random } from './support/random.js';
import { isOurs, Reached } from './support/reasons.js';
import type { Setup } from './support/setup.js';
import { judge, type Outcome } from './twin/gate.js';
import { hex, type TwinState } from './twin/state.js';

/* The gate in the kernel and its twin judge the same packets. CRYPTBPF_FUZZ says how many, CRYPTBPF_SEED which. */

const PACKETS = Number(process.env.CRYPTBPF_FUZZ ?? 1_000_000);
const SEED = Number(process.env.CRYPTBPF_SEED ?? 20_261_124);

/** One after another, each with its share of the packets. */
const ROUNDS: Partial<Setup>[] = [
  { lists: LISTS },
  {},
  { lists: LISTS, monitor: true },
  { lists: LISTS, clockAgeS: 1n, clockHorizonS: 0n },
  { lists: LISTS, difficulty: 3 },
  { notBeforeMs: 1n << 62n },
  { confirmInS: -1n },
  { lists: LISTS, service: 1 },
];

const gate = new TestGate();
afterAll(() => gate[Symbol.dispose]());

test(`the gate and its twin agree about ${PACKETS} random and mutated packets`, {
  timeout: 3_600_000,
}, () => {
  console.log(`fuzz: seed ${SEED}, ${PACKETS} packets`);
  const random = new Random(SEED);
  const seen = new Reached();
  for (const [i, setup] of ROUNDS.entries()) {
    const packets =
      Math.floor((PACKETS * (i + 1)) / ROUNDS.length) - Math.floor((PACKETS * i) / ROUNDS.length);
    new Round(random, setup).run(packets, seen);
  }
  seen.tell('fuzz');
  if (PACKETS >= 100_000) expect(unseen(seen)).toEqual([]);
});

/** What random packets must have come to, but for limits, which are off here, and the chain, which is empty. */
function unseen(seen: Reached): string[] {
  const never = /LIMITED|FULL|FAILED|CHAIN|EVENT|NONE|MONITORED|EXPIRED|FUTURE|KEY_ID|DIFFICULTY/;
  return Object.entries(Reason)
    .filter(([name, reason]) => isOurs(reason) && !never.test(name) && !seen.has(reason))
    .map(([name]) => name);
}

class Round {
  readonly #random: Random;
  readonly #setup: Partial<Setup>;
  readonly #twin: TwinState;
  readonly #issued: bigint;
  readonly #bases: Base[];
  readonly #counted: number[];

  constructor(random: Random, setup: Partial<Setup>) {
    this.#random = random;
    this.#setup = setup;
    this.#twin = gate.reset(setup);
    this.#issued = gate.wallMs() - 10_000n;
    this.#bases = corpus(this.#issued);
    this.#counted = counts();
    gate.admit(this.#twin, ADMITTED4, 36_000n);
    gate.admit(this.#twin, ADMITTED6, 36_000n);
    gate.admit(this.#twin, ENDED4, -1n);
  }

  run(packets: number, seen: Reached): void {
    for (let i = 0; i < packets; i++) {
      const data = this.#next();
      const ran = gate.run(data);
      const outcome = judgeOrSay(this.#twin, data, ran);
      this.#compare(data, ran, outcome);
      seen.add(outcome.reason);
    }
    expect(counts()).toEqual(this.#counted);
  }

  #next(): Uint8Array {
    const random = this.#random;
    if (random.oneIn(200)) return this.#fresh();
    const base = random.pick(this.#bases);
    return random.oneIn(50) ? base.bytes : mutate(random, base, this.#bases);
  }

  /** A solution that nobody has sent before. */
  #fresh(): Uint8Array {
    const { difficulty, service } = this.#setup;
    const given = { issued: this.#issued, salt: this.#random.uint64(), difficulty, service };
    return solution(this.#random.pick([STRANGER4, STRANGER6, ADMITTED4]), given);
  }

  #compare(data: Uint8Array, ran: Ran, outcome: Outcome): void {
    const counted = this.#counted;
    const { reason, action, reply } = outcome;
    counted[reason]!++;
    if (this.#twin.monitor && reason >= Reason.DROP_TRUNCATED && action === 'pass') {
      counted[Reason.PASS_MONITORED]!++;
    }
    const isCounted = gate.packets(reason) === counted[reason];
    const isSame = reply === undefined || Buffer.compare(ran.data, reply) === 0;
    if (isCounted && isSame && ran.action === action) return;
    expect.fail(difference(data, ran, outcome, counted));
  }
}

function judgeOrSay(twin: TwinState, data: Uint8Array, ran: Ran): Outcome {
  try {
    return judge(twin, data, ran.action === 'tx' ? ran.data : undefined);
  } catch (error) {
    return expect.fail(`${error}\npacket  ${hex(data)}\nreply   ${hex(ran.data)}`);
  }
}

/** But for events: nobody reads them here. */
function counts(): number[] {
  return gate.counts().with(Reason.EVENT_LOST, 0);
}

function difference(data: Uint8Array, ran: Ran, twin: Outcome, counted: number[]): string {
  const reasons = counts().flatMap((count, reason) => (count > counted[reason]! ? [reason] : []));
  return [
    `packet  ${hex(data)}`,
    `kernel  ${ran.action} ${reasons.map(nameOf)} ${ran.action === 'tx' ? hex(ran.data) : ''}`,
    `twin    ${twin.action} ${nameOf(twin.reason)} ${twin.reply ? hex(twin.reply) : ''}`,
  ].join('\n');
}

function nameOf(reason: number): string {
  return Object.entries(Reason).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
