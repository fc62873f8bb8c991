import { expect, test } from 'vitest';
import { Served } from '../src/served.js';

function challenge(issued: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(8, BigInt(issued));
  view.setBigUint64(16, BigInt(salt));
  return bytes;
}

const LIFETIME = 30_000;
const NOW = 1_800_000_000_000;

test('a challenge serves once, for as long as it could serve again', () => {
  const served = new Served();
  expect(served.take(challenge(NOW, 1), LIFETIME, NOW)).toBe(true);
  expect(served.take(challenge(NOW, 2), LIFETIME, NOW)).toBe(true);
  for (let now = NOW; now < NOW + 200_000; now += 1_000) {
    expect(served.take(challenge(NOW, 1), LIFETIME, now)).toBe(false);
  }
});

test('a challenge that is too old, or not issued yet, does not serve', () => {
  const served = new Served();
  expect(served.take(challenge(NOW - 40_001, 1), LIFETIME, NOW)).toBe(false);
  expect(served.take(challenge(NOW + 40_001, 1), LIFETIME, NOW)).toBe(false);
  expect(served.take(challenge(0, 1), LIFETIME, NOW)).toBe(false);
});

test('there is an end to what is remembered, and room again later', () => {
  const served = new Served();
  for (let i = 0; i < 65_536; i++) served.take(challenge(NOW, i), LIFETIME, NOW);
  expect(served.take(challenge(NOW, 65_536), LIFETIME, NOW)).toBe(false);
  const later = NOW + 80_000;
  expect(served.take(challenge(later, 1), LIFETIME, later)).toBe(true);
});
