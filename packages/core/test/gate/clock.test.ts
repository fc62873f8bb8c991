import { expect, it } from 'vitest';
import { furthest, notBeforeAfter, readClock, wallMs } from '../../src/gate/clock.js';

const NS_PER_S = 1_000_000_000n;
const clock = (wallOffsetS: bigint, updatedS: bigint) => ({
  wallOffsetNs: wallOffsetS * NS_PER_S,
  wallUpdatedNs: updatedS * NS_PER_S,
});

it('the gate tells the time of this machine', () => {
  const before = Date.now();
  const now = readClock();
  const after = Date.now();
  const error = after - before + 1;
  const told = Number(wallMs(now, now.wallUpdatedNs));
  expect(told).toBeGreaterThanOrEqual(before - error);
  expect(told).toBeLessThanOrEqual(after + error);
});

it('a clock that goes on, or forward, refuses nothing more', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(1000n, 15n), 2000n)).toBeUndefined();
  expect(notBeforeAfter(clock(1000n, 5n), clock(4600n, 15n), 2000n)).toBeUndefined();
});

it('a clock that is set back by less than gates may differ refuses nothing more', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(998n, 15n), 2000n)).toBeUndefined();
});

it('small steps back add up: what counts is the clock that was furthest ahead', () => {
  const steps = [clock(1000n, 5n), clock(999n, 15n), clock(998n, 25n), clock(997n, 35n)];
  let old = steps[0]!;
  const refused = steps.slice(1).map((now) => {
    const notBefore = notBeforeAfter(old, now, 2000n);
    old = furthest(old, now);
    return notBefore;
  });
  expect(refused).toEqual([undefined, undefined, 1_035_000n]);
});

it('a clock that is set back refuses what the old one could have issued', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(400n, 15n), 2000n)).toBe(1_015_000n);
});
