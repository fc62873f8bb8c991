import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { features } from '@cryptbpf/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Reason } from '../../../packages/cas/src/cas.gen.js';
import { packet } from '../../../packages/cas/test/support/frames.js';
import { HOOKS, TestVerifier } from '../../../packages/cas/test/support/verifier.js';
import { wholePacket } from '../../../packages/cas/test/twin/packet.js';
import { HashCrypto } from '../../../packages/primitives/src/hashes.js';

/* With a kernel that has a SHA-256 for BPF: by a module, which counts its calls. */

const MODULE = process.env.CRYPTBPF_KFUNC_MODULE!;
const PARAMETERS = '/sys/module/bpf_sha256_hash/parameters';

beforeEach(() => void execFileSync('insmod', [MODULE]));
afterEach(() => void execFileSync('rmmod', ['bpf_sha256_hash']));

const calls = () => Number(readFileSync(`${PARAMETERS}/calls`, 'utf8'));
const fail = () => writeFileSync(`${PARAMETERS}/fail`, '1');

const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 1000, 1400, 9216];

function expectDigests(hashes: HashCrypto, source: 'xdp' | 'tc' | 'memory'): void {
  for (const length of source === 'memory' ? LENGTHS : LENGTHS.filter((length) => length <= 1500)) {
    const message = randomBytes(length);
    const digest = createHash('sha256').update(message).digest('hex');
    expect({ length, digest: Buffer.from(hashes.sha256(message, { source })).toString('hex') }).toEqual({
      length,
      digest,
    });
  }
}

test('it is found, and only while it is there', () => {
  expect(features.probe('kfunc:bpf_sha256_hash').availability).toBe('yes');
  expect(features.probe('kfunc:bpf_sha256_hasx').availability).toBe('no');
});

test.each(['xdp', 'tc', 'memory'] as const)('it hashes for programs, %s', (source) => {
  using hashes = new HashCrypto();
  expectDigests(hashes, source);
  expect(calls()).toBeGreaterThanOrEqual(9);
});

test('what it refuses, ours hashes', () => {
  using hashes = new HashCrypto();
  fail();
  expectDigests(hashes, 'memory');
  expect(calls()).toBe(LENGTHS.length);
});

test('it is not asked where hashing is done in parts', () => {
  using hashes = new HashCrypto();
  hashes.sha256InParts(randomBytes(200), 64);
  expect(calls()).toBe(0);
});

test.each(HOOKS)('content is verified by it, %s', (hook) => {
  using verifier = new TestVerifier();
  verifier.reset();
  const right = wholePacket(randomBytes(900));
  const wrong = Uint8Array.from(right);
  wrong[wrong.length - 1]! ^= 1;
  expect(verifier.judge(hook, packet(right)).reasons).toEqual([Reason.PASS_CONTENT]);
  expect(verifier.judge(hook, packet(wrong)).reasons).toEqual([Reason.DROP_CONTENT]);
  expect(calls()).toBe(2);
});
