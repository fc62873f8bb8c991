import { availableParallelism } from 'node:os';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Replay } from '../src/replay.gen.js';
import { ReplayCrypto } from '../src/replay.js';
import { race } from './support/race.js';

const replay = new ReplayCrypto();
const { replay_race } = replay.object.programs;
beforeEach(() => replay.reset());
afterAll(() => replay[Symbol.dispose]());

interface Walk {
  base: number;
  next: number;
  step: number;
  limit: number;
}

/** struct replay_walk */
function packet({ base, next, step, limit }: Walk): Uint8Array {
  return new Uint8Array(
    BigUint64Array.of(BigInt(base), BigInt(next), BigInt(step), BigInt(limit), 0n, 0n, 0n, 0n).buffer,
  );
}

/** How many counters were accepted how often. */
function accepted(): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const times of replay.accepted) counts[Number(times)] = (counts[Number(times)] ?? 0) + 1;
  return counts;
}

/** Of each CPU that ran: how often it said so. */
function verdicts(verdict: Replay): number[] {
  return replay.object.maps.verdicts.get(0)!.map(({ of }) => Number(of[verdict]));
}

const VALUES = 131_072;
const ROUNDS = 15;
const rounds = Array.from({ length: ROUNDS }, (_, round) => round);

/* Machines with one CPU have no race. */
describe.runIf(availableParallelism() > 1)('two CPUs that share a window', () => {
  /* All counters of a round lie in one window: none may be lost, whoever is ahead. */
  test.each([
    ['the same way', 1, 1],
    ['in opposite directions', 1, 8191],
    ['in strides', 7, 4099],
  ])('accept each counter of it once, %s', async (_, ...steps) => {
    const walks = steps.map((step) =>
      rounds.map((round) => packet({ base: round * 8192, next: 0, step, limit: 8192 })),
    );
    await race(replay_race, walks, 8192);
    expect(accepted()).toEqual({ 0: VALUES - ROUNDS * 8192, 1: ROUNDS * 8192 });
    expect(verdicts(Replay.REPLAY_BUSY).every((count) => count === 0)).toBe(true);
    expect(verdicts(Replay.REPLAY_FRESH).filter((count) => count > 0)).toHaveLength(2);
  });

  /* A stride far longer than the window: rounds of the ring overtake one another. */
  test('never accept one twice while it slides', async () => {
    const walks = [1, 8209].map((step) =>
      rounds.map(() => packet({ base: 0, next: 0, step, limit: VALUES })),
    );
    await race(replay_race, walks, VALUES);
    const counts = accepted();
    expect(Object.keys(counts).every((times) => Number(times) <= 1)).toBe(true);
    expect(counts[1]).toBeGreaterThan(0);
    expect(verdicts(Replay.REPLAY_BUSY).every((count) => count === 0)).toBe(true);
  });

  /* Who is first at a counter has seen nothing later: only the one behind comes too late, for what the other had. */
  test('where both count upwards, lose none', async () => {
    const walk = [packet({ base: 0, next: 0, step: 1, limit: VALUES })];
    await race(replay_race, [walk, walk], VALUES);
    expect(accepted()).toEqual({ 1: VALUES });
  });
});
