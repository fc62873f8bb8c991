import { expect, test } from 'vitest';
import { runChild } from './support/children.js';

const ROUNDS = '50';

interface Churn {
  before: number;
  most: number;
  after: number;
}

for (const seed of [1, 2]) {
  test(`views outlive what they were taken of, and their memory goes with them (seed ${seed})`, () => {
    const node = ['--expose-gc'];
    const { before, most, after } = runChild<Churn>('churn', { args: [ROUNDS, String(seed)], node });
    expect(before).toBe(0);
    expect(most).toBeGreaterThan(3);
    expect(after).toBe(0);
  });
}
