import { expect, it } from 'vitest';
import { notBeforeAfter, readClock, wallMs } from '../../src/gate/clock.js';

const NS_PER_S = 1_000_000_000n;
const clock = (wallOffsetS: bigint, updatedS: bigint) => ({
  wallOffsetNs: wallOffsetS * NS_PER_S,
  wallUpdatedNs: updatedS * NS_PER_S,
});

it('the gate tells the time of this machine', () => {
  const now = readClock();
  expect(Math.abs(Number(wallMs(now, now.wallUpdatedNs)) - Date.now())).toBeLessThan(50);
});

it('a clock that goes on, or forward, refuses nothing more', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(1000n, 15n), 2000n)).toBeUndefined();
  expect(notBeforeAfter(clock(1000n, 5n), clock(4600n, 15n), 2000n)).toBeUndefined();
});

it('a clock that is set back by less than gates may differ refuses nothing more', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(998n, 15n), 2000n)).toBeUndefined();
});

it('a clock that is set back refuses what the old one could have issued', () => {
  expect(notBeforeAfter(clock(1000n, 5n), clock(400n, 15n), 2000n)).toBe(1_015_000n);
});
