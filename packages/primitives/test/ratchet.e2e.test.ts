import { afterAll, expect, test } from 'vitest';
import type { Ratchet } from '../src/hashes.gen.js';
import { HashCrypto } from '../src/hashes.js';
import { ratchetStep } from '../src/hashes-twin.js';
import { cases } from './support/amounts.js';
import { Random } from './support/random.js';

const hashes = new HashCrypto();
const random = new Random('ratchet');
afterAll(() => hashes[Symbol.dispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a chain of 10,000 steps', () => {
  let mine: Ratchet = { chain: new Uint8Array(32).fill(7), index: 0n };
  let twins = mine;
  const keys = new Set<string>();
  for (let i = 0; i < cases(10_000); i++) {
    const step = hashes.ratchet(mine)!;
    const expected = ratchetStep(twins);
    expect(hex(step.messageKey)).toBe(hex(expected.messageKey));
    expect(hex(step.next.chain)).toBe(hex(expected.next.chain));
    keys.add(hex(step.messageKey)).add(hex(step.next.chain));
    [mine, twins] = [step.next, expected.next];
  }
  expect(mine.index).toBe(BigInt(cases(10_000)));
  expect(keys.size).toBe(2 * cases(10_000));
});

test('chains from anywhere, by every program type', () => {
  for (let i = 0; i < cases(1000); i++) {
    const ratchet = { chain: random.bytes(32), index: Buffer.from(random.bytes(8)).readBigUInt64LE() };
    const source = (['xdp', 'tc', 'memory', 'tracepoint'] as const)[i % 4]!;
    const { messageKey, next } = hashes.ratchet(ratchet, { source })!;
    const expected = ratchetStep(ratchet);
    expect([hex(messageKey), hex(next.chain)]).toEqual([hex(expected.messageKey), hex(expected.next.chain)]);
    expect(next.index).toBe(ratchet.index + 1n);
  }
});

const KNOWN = [
  'b19bfb5db0936e4f41e9f23ea823e4419379340a78f1afe7007c771b4ed9141f',
  '7d78298487c50c826019c33037e3d6594334f6a78c1a510f356c942b070d0992',
];

/* So that another implementation finds its mistakes: chain key 00 01 .. 1f. */
test('the first keys of a known chain', () => {
  const chain = Uint8Array.from({ length: 32 }, (_, i) => i);
  const first = hashes.ratchet({ chain, index: 0n })!;
  const second = hashes.ratchet(first.next)!;
  expect([first, second].map(({ messageKey }) => hex(messageKey))).toEqual(KNOWN);
});

test('the chain ends before its index does', () => {
  const last = { chain: random.bytes(32), index: 2n ** 64n - 1n };
  expect(hashes.ratchet(last)).toBeUndefined();
  const { next } = hashes.ratchet({ ...last, index: 2n ** 64n - 2n })!;
  expect(next.index).toBe(2n ** 64n - 1n);
  expect(hashes.ratchet(next)).toBeUndefined();
});
