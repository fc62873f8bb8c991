import { expect, test } from 'vitest';
import { runChild } from './support/children.js';

interface Churn {
  before: number;
  most: number;
  after: number;
  rounds: number;
}

for (const seed of [1, 2]) {
  test(`views outlive what they were taken of, and their memory goes with them (seed ${seed})`, () => {
    const node = ['--expose-gc'];
    const { before, most, after, rounds } = runChild<Churn>('churn', { args: ['2500', String(seed)], node });
    expect(rounds).toBeGreaterThan(3);
    expect(before).toBe(0);
    expect(most).toBeGreaterThan(3);
    expect(after).toBe(0);
  });
}
