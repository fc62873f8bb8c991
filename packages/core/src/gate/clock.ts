import { bootTimeNs, realTimeNs } from '../ffi/libc.js';
import type { GateClock } from './gate.gen.js';

const NS_PER_MS = 1_000_000n;

/** Good enough, where the least clock skew that can be set is 10 ms; a thread that loses its CPU tries again. */
const GOOD_NS = 1_000_000n;
const TRIES = 10;

/** The gate's clock as of now: what to add to the boot clock to get Unix time. */
export function readClock(): GateClock {
  for (let tries = 1; ; tries++) {
    const before = bootTimeNs();
    const wall = realTimeNs();
    const after = bootTimeNs();
    if (after - before > GOOD_NS && tries < TRIES) continue;
    return { wallOffsetNs: wall - (before + after) / 2n, wallUpdatedNs: after };
  }
}

/** Unix time in milliseconds by that clock, at a time on the boot clock. */
export function wallMs(clock: GateClock, bootNs: bigint): bigint {
  return (bootNs + clock.wallOffsetNs) / NS_PER_MS;
}

/** Whichever of two clocks is ahead of the other. */
export function furthest(a: GateClock, b: GateClock): GateClock {
  return b.wallOffsetNs > a.wallOffsetNs ? b : a;
}

/**
 * When the wall clock is set back, challenges that were over become young again, and the set of spent
 * ones may have forgotten them. Returns the Unix time in milliseconds before which challenges are
 * refused from then on: the latest that the old clock could have issued; undefined if it was not set back
 * by more than the tolerance. Small steps add up: the old clock is the one that was furthest ahead since the last time.
 */
export function notBeforeAfter(old: GateClock, now: GateClock, toleranceMs: bigint): bigint | undefined {
  const oldMs = wallMs(old, now.wallUpdatedNs);
  const nowMs = wallMs(now, now.wallUpdatedNs);
  return oldMs - nowMs > toleranceMs ? oldMs : undefined;
}
