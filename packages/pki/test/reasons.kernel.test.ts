import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { badChains, goodChains } from './support/bad-chains.js';
import { certificatePem, forge } from './support/forge.js';
import { ChainGate } from './support/gate.js';

/* Every rule, by a chain that keeps all but that one. */

const root = forge('Root', { isCa: true });
const bad = badChains(root);
/** Under emulation, which is slow, every eighth. */
const some = <T>(all: readonly T[]) => all.filter((_, i) => !process.env.CRYPTBPF_VM || i % 8 === 0);
let gate: ChainGate;

beforeAll(async () => {
  gate = await ChainGate.create([certificatePem(root)]);
});
afterAll(() => gate[Symbol.dispose]());

test('there are chains enough, and each is a case of its own', () => {
  expect(bad.length).toBeGreaterThanOrEqual(60);
  expect(new Set(bad.map(({ what }) => what)).size).toBe(bad.length);
});

describe('refused', () => {
  test.each(some(bad))('$what', async ({ chain, holder, reason }) => {
    expect(await gate.present(chain, holder)).toBe(reason);
  });
});

describe('let in', () => {
  test.each(some(goodChains(root)))('$what', async ({ chain, holder }) => {
    expect(await gate.present(chain, holder)).toBe('ANSWER_ADMITTED');
  });
});
