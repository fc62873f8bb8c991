import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agrees, type Comparison, isUnanimous } from '../src/compare/comparison.js';
import { compareEcdsa } from '../src/compare/ecdsa.js';
import { compareHashes } from '../src/compare/hashes.js';
import { formatComparison } from '../src/compare/report.js';
import { type KernelCrypto, kernelCrypto } from '../src/kernel-crypto.js';

const TOOL = fileURLToPath(new URL('../dist/compare.js', import.meta.url));

describe('the comparison of BPF with node:crypto and noble', () => {
  let kernel: KernelCrypto;

  beforeAll(() => {
    kernel = kernelCrypto();
  });

  afterAll(() => kernel[Symbol.dispose]());

  it('finds that all agree on signatures, with the code that the program returned', async () => {
    const comparison = await compareEcdsa(kernel, { random: 50 });
    expect(comparison.random).toEqual({ count: 50, agreeing: 50 });
    expect(isUnanimous(comparison)).toBe(true);
    const codes = comparison.cases.map(({ answers }) => answers.find(({ by }) => by === 'BPF')?.code);
    expect(codes).toEqual([0, 0, 0, -129, -129, -129, -129, -129]);
    const text = formatComparison(comparison);
    expect(text).toContain('BPF          INVALID (code: -129 EKEYREJECTED)\n  MATCH (all agree: INVALID)');
    expect(text).toMatch(/\nMATCH$/);
  });

  it('finds that all agree on hashes', async () => {
    const comparison = await compareHashes(kernel, { random: 50 });
    expect(comparison.random).toEqual({ count: 50, agreeing: 50 });
    expect(comparison.cases.every(agrees)).toBe(true);
    expect(formatComparison(comparison)).toContain(
      'BPF          ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n  MATCH',
    );
  });

  it('says so when one differs, or all differ from what is right', () => {
    const answers = (...says: string[]) => says.map((text, i) => ({ by: `${i}`, says: text }));
    const comparison = (expected: string, ...says: string[]): Comparison => ({
      name: 'test',
      cases: [{ title: 'one', input: '', expected, answers: answers(...says) }],
      random: { count: 1, agreeing: 1 },
      speeds: { operation: 'none', of: [] },
    });
    expect(isUnanimous(comparison('VALID', 'VALID', 'VALID'))).toBe(true);
    for (const wrong of [
      comparison('VALID', 'VALID', 'INVALID'),
      comparison('VALID', 'INVALID', 'INVALID'),
    ]) {
      expect(isUnanimous(wrong)).toBe(false);
      expect(formatComparison(wrong)).toMatch(/MISMATCH \(expected: VALID\).*\nMISMATCH$/s);
    }
    const random = { count: 2, agreeing: 1 };
    expect(isUnanimous({ ...comparison('VALID', 'VALID'), random })).toBe(false);
  });
});

describe('npm run compare', () => {
  it('runs one comparison and prints JSON', () => {
    const output = execFileSync(process.execPath, [TOOL, 'hash-comparison', '--json'], { encoding: 'utf8' });
    const [comparison, ...others] = JSON.parse(output) as Comparison[];
    expect(others).toEqual([]);
    expect(comparison?.name).toBe('hash-comparison');
    expect(comparison?.random).toEqual({ count: 1000, agreeing: 1000 });
  });

  it('names the comparisons that there are', () => {
    const { status, stderr } = spawnSync(process.execPath, [TOOL, 'md5'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain(
      'no comparison "md5"\nusage: npm run compare -- [ecdsa-verification|hash-comparison …]',
    );
  });
});
