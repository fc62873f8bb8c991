import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRingProver, type Group, type Prover } from '../src/client.js';
import type { RingProofs } from '../src/options.js';
import { AUDIENCE, PEERS, ZkpGate } from './support/gate.js';
import { testKeys } from './support/keys.js';

/*
 * Whether the proofs of two members can be told apart: by their sizes, by any of their bits, by what the verdict takes
 * and by what the proof takes. Each figure is a z-score, which is beyond 6 by chance once in 500 million times.
 */

const PROOFS = 1_000;
const LIMIT = 6;
const MEMBERS = testKeys(4, 40);
const GROUP: Group = { id: 1, epoch: 1, members: MEMBERS.map(({ publicKey }) => publicKey) };
const FIRST = MEMBERS[0]!;
const LAST = MEMBERS[3]!;

let gate: ZkpGate<RingProofs>;
const proofs = { first: [] as Uint8Array[], last: [] as Uint8Array[] };
const proving = { first: [] as number[], last: [] as number[] };
const judging = { first: [] as number[], last: [] as number[] };
type Side = keyof typeof proofs;

/** In turn, so that what else the machine does falls on both alike. */
beforeAll(async () => {
  const groups = [{ ...GROUP, members: MEMBERS.map(({ publicKey }) => publicKey) }];
  gate = await ZkpGate.create<RingProofs>({ kind: 'ring', groups });
  gate.reset();
  const prover = ({ secretKey }: typeof FIRST) =>
    createRingProver({ audience: AUDIENCE, group: GROUP, key: secretKey });
  const provers: Record<Side, Prover> = { first: prover(FIRST), last: prover(LAST) };
  for (let i = 0; i < PROOFS; i++) {
    const sides: Side[] = i % 2 === 0 ? ['first', 'last'] : ['last', 'first'];
    for (const side of sides) {
      const challenge = gate.challenge(PEERS.ipv4);
      const begin = performance.now();
      const proof = provers[side].prove(challenge, PEERS.ipv4);
      proving[side].push(performance.now() - begin);
      proofs[side].push(proof);
      const { durationNs, returnValue } = gate.gate.program.testRun({
        data: gate.frame(PEERS.ipv4, challenge, proof),
      });
      expect(returnValue).toBe(7);
      judging[side].push(durationNs);
    }
  }
}, 600_000);
afterAll(() => gate[Symbol.dispose]());

/** Of how often a bit is set in one sample and in the other. */
function bitScore(a: number, b: number, count: number): number {
  const share = (a + b) / (2 * count);
  const deviation = Math.sqrt((share * (1 - share) * 2) / count);
  return deviation === 0 ? 0 : Math.abs(a - b) / count / deviation;
}

/** The highest score of all bits of the proofs. */
function furthestBit(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  const ones = (sample: readonly Uint8Array[], byte: number, bit: number) =>
    sample.reduce((sum, proof) => sum + ((proof[byte]! >> bit) & 1), 0);
  let furthest = 0;
  for (let byte = 0; byte < a[0]!.length; byte++) {
    for (let bit = 0; bit < 8; bit++) {
      furthest = Math.max(furthest, bitScore(ones(a, byte, bit), ones(b, byte, bit), a.length));
    }
  }
  return furthest;
}

/** Mann and Whitney's, of which of two samples has the larger values. */
function rankScore(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, side: 0 })), ...b.map((value) => ({ value, side: 1 }))];
  all.sort((x, y) => x.value - y.value);
  let ranks = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end]!.value === all[i]!.value) end++;
    const rank = (i + 1 + end) / 2;
    for (let j = i; j < end; j++) if (all[j]!.side === 0) ranks += rank;
    i = end;
  }
  const [n, m] = [a.length, b.length];
  const u = ranks - (n * (n + 1)) / 2;
  return Math.abs(u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

describe(`${PROOFS} proofs of the first member and ${PROOFS} of the last`, () => {
  test('have the same length and the same head', () => {
    const heads = [...proofs.first, ...proofs.last].map(
      (proof) => `${proof.length} ${proof.subarray(0, 72)}`,
    );
    expect(new Set(heads).size).toBe(1);
  });

  test('have no bit that says whose they are', () => {
    expect(furthestBit(proofs.first, proofs.last)).toBeLessThan(LIMIT);
  });

  test('take the program the same time', () => {
    expect(rankScore(judging.first, judging.last)).toBeLessThan(LIMIT);
  });

  test('take the prover the same time', () => {
    expect(rankScore(proving.first, proving.last)).toBeLessThan(LIMIT);
  });
});

describe('the scores find', () => {
  test('a response with one bit that is set four times in five', () => {
    const leaky = proofs.last.map((proof, i) => {
      const copy = proof.slice();
      if (i % 5 !== 0) copy[copy.length - 1]! |= 1;
      return copy;
    });
    expect(furthestBit(proofs.first, leaky)).toBeGreaterThan(LIMIT);
  });

  test('a verdict that takes a little longer for one of them', () => {
    const slower = judging.last.map((ns) => ns * 1.25);
    expect(rankScore(judging.first, slower)).toBeGreaterThan(LIMIT);
  });
});
