import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Replay } from '../src/replay.gen.js';
import { ReplayCrypto, type ReplayQuestion } from '../src/replay.js';
import { ReplayWindow } from '../src/replay-twin.js';
import { cases } from './support/amounts.js';
import { Random } from './support/random.js';

const replay = new ReplayCrypto();
const random = new Random('replay');
beforeEach(() => replay.reset());
afterAll(() => replay[Symbol.dispose]());

const { REPLAY_FRESH: FRESH, REPLAY_SEEN: SEEN, REPLAY_OLD: OLD } = Replay;
const LAST = 2n ** 64n - 1n;
const W = 8192n;

function twinJudge(questions: readonly ReplayQuestion[], window = new ReplayWindow()): Replay[] {
  return questions.map(({ counter, commit }) => (commit ? window.commit(counter) : window.check(counter)));
}

const commits = (counters: readonly bigint[]) => counters.map((counter) => ({ counter, commit: true }));
const checks = (counters: readonly bigint[]) => counters.map((counter) => ({ counter, commit: false }));

/** As the tables of WireGuard's and RFC 6479's tests: counter, verdict. */
const TABLE: readonly (readonly [bigint, Replay])[] = [
  [0n, FRESH],
  [1n, FRESH],
  [1n, SEEN],
  [9n, FRESH],
  [8n, FRESH],
  [7n, FRESH],
  [7n, SEEN],
  [W, FRESH],
  [W - 1n, FRESH],
  [W - 1n, SEEN],
  [W - 2n, FRESH],
  [2n, FRESH],
  [2n, SEEN],
  [W + 16n, FRESH],
  [3n, OLD],
  [W + 16n, SEEN],
  [W * 4n, FRESH],
  [W * 4n - (W - 1n), FRESH],
  [10n, OLD],
  [W * 4n - W, OLD],
  [W * 4n - (W + 1n), OLD],
  [W * 4n - (W - 2n), FRESH],
  [W * 4n + 1n - W, SEEN],
  [0n, OLD],
  [LAST - 1n, FRESH],
  [LAST - W, FRESH],
  [LAST - W, SEEN],
  [LAST, FRESH],
  [LAST - W, OLD],
  [LAST - W + 1n, FRESH],
  [LAST, SEEN],
  [0n, OLD],
];

test('a table of counters', () => {
  const verdicts = replay.judge(commits(TABLE.map(([counter]) => counter)));
  expect(verdicts).toEqual(TABLE.map(([, verdict]) => verdict));
  expect(twinJudge(commits(TABLE.map(([counter]) => counter)))).toEqual(verdicts);
});

test('a check changes nothing', () => {
  expect(replay.judge(checks([5n, 5n, LAST, 5n, 0n]))).toEqual([FRESH, FRESH, FRESH, FRESH, FRESH]);
  expect(replay.largest).toBe(0n);
});

describe('all of a window', () => {
  const down = Array.from({ length: 8192 }, (_, i) => 8191n - BigInt(i));

  test.each([0n, 1n, 7n, 8n, 1000n, 2n ** 40n + 3n, LAST - 8191n])(
    'is kept, from %i on backwards',
    (base) => {
      const counters = down.map((counter) => base + counter);
      expect(new Set(replay.judge(commits(counters)))).toEqual(new Set([FRESH]));
      expect(new Set(replay.judge(commits(counters)))).toEqual(new Set([SEEN]));
      if (base > 0n) expect(replay.judge(commits([base - 1n]))).toEqual([OLD]);
    },
  );
});

test('round numbers that differ in high bits alone are different', () => {
  const far = Array.from({ length: 51 }, (_, bit) => 5n + 8200n * 2n ** BigInt(bit));
  expect(new Set(replay.judge(commits([5n, ...far])))).toEqual(new Set([FRESH]));
  expect(replay.judge(commits([far.at(-1)!]))).toEqual([SEEN]);
});

/** Mostly on and near the edges of the window; now and then a jump. */
function nextQuestion(largest: bigint): ReplayQuestion {
  const near = BigInt(random.below(40)) - 20n;
  const edges = [0n, 0n, 0n, -W, -W / 2n, -BigInt(random.below(8192))] as const;
  const jump = random.below(50) ? 0n : 2n ** BigInt(random.below(random.below(10) ? 16 : 64));
  const counter = largest + random.pick(edges) + near + jump;
  return { counter: counter < 0n ? 0n : counter > LAST ? LAST : counter, commit: random.below(3) > 0 };
}

test('random counters have the verdicts of the twin', () => {
  for (let chain = 0; chain < 25; chain++) {
    replay.reset();
    const window = new ReplayWindow();
    const questions: ReplayQuestion[] = [];
    const expected: Replay[] = [];
    for (let i = 0; i < cases(4000); i++) {
      questions.push(nextQuestion(window.largest));
      expected.push(...twinJudge([questions.at(-1)!], window));
    }
    expect(replay.judge(questions)).toEqual(expected);
    expect(replay.largest).toBe(window.largest);
  }
});
