import { createHash } from 'node:crypto';
import { features } from '@cryptbpf/core';
import { afterAll, describe, expect, test } from 'vitest';
import { HashCrypto, type HashOptions, type HashSource } from '../src/hashes.js';
import { cases, lengthsUpTo } from './support/amounts.js';
import { Random } from './support/random.js';

const hashes = new HashCrypto();
const random = new Random('hash');
afterAll(() => hashes[Symbol.dispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;
const SOURCES: readonly HashSource[] = ['xdp', 'tc', 'memory', 'tracepoint'];

function expectRight(algorithm: (typeof ALGORITHMS)[number], message: Uint8Array, options?: HashOptions) {
  const expected = createHash(algorithm).update(message).digest('hex');
  const { length } = message;
  const result = { length, digest: hex(hashes[algorithm](message, options)) };
  expect(result).toEqual({ length, digest: expected });
}

/** FIPS 180-4's examples, as NIST publishes them with intermediate values. */
const ABC = 'abc';
const BITS_448 = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';
const BITS_896 =
  'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu';
const EXAMPLES = [
  ['sha256', ABC, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['sha256', BITS_448, '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
  [
    'sha384',
    ABC,
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  ],
  [
    'sha384',
    BITS_896,
    '09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039',
  ],
  [
    'sha512',
    ABC,
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  [
    'sha512',
    BITS_896,
    '8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909',
  ],
] as const;

test.each(EXAMPLES)('%s of the example "%s"', (algorithm, message, digest) => {
  for (const source of SOURCES) {
    expect(hex(hashes[algorithm](Buffer.from(message), { source }))).toBe(digest);
  }
});

describe.each(ALGORITHMS)('%s', (algorithm) => {
  test.each(['xdp', 'tc'] as const)('of packets of every length up to 1500 bytes, %s', (source) => {
    for (const length of lengthsUpTo(1500)) expectRight(algorithm, random.bytes(length), { source });
  });

  test.each(['memory', 'tracepoint'] as const)(
    'of map memory of every length around blocks, %s',
    (source) => {
      for (const length of lengthsUpTo(300)) expectRight(algorithm, random.bytes(length), { source });
    },
  );

  test('of jumbo frames in several parts', () => {
    for (let length = 1500; length <= 9000; length += 100) {
      expectRight(algorithm, random.bytes(length), { source: 'xdp' });
    }
    expectRight(algorithm, random.bytes(9000), { source: 'xdp' });
  });

  test('of map memory up to the limit', () => {
    for (let length = 1500; length < 9216; length += 137) expectRight(algorithm, random.bytes(length));
    expectRight(algorithm, random.bytes(9216));
    expectRight(algorithm, random.bytes(9216), { at: 256 });
  });

  test('of random messages at random places', () => {
    for (let i = 0; i < cases(10_000); i++) {
      expectRight(algorithm, random.bytes(random.below(300)), { at: random.below(257) });
    }
  });

  test('of what is too long, or lies too far back, there is none', () => {
    const refused = /was refused/;
    expect(() => hashes[algorithm](random.bytes(9217))).toThrow(refused);
    expect(() => hashes[algorithm](random.bytes(1), { at: 257 })).toThrow(refused);
    expect(() => hashes[algorithm](random.bytes(9280))).toThrow(refused);
  });

  test('after a refusal all is as before', () => expectRight(algorithm, random.bytes(100)));
});

/* In parts it is never the kernel's own function that hashes, which patched kernels have and stock ones lack. */
test('SHA-256 is the same with the kernel that has its own and with ours', () => {
  const { availability } = features.probe('kfunc:bpf_sha256_hash');
  expect(['yes', 'no']).toContain(availability);
  for (let length = 0; length < 300; length++) {
    const message = random.bytes(length);
    expect(hashes.sha256(message)).toEqual(hashes.sha256InParts(message, 0));
  }
});

describe('in parts', () => {
  const message = random.bytes(1000);

  test.each([0, 64, 128, 192, 256])('SHA-256, the first of %i bytes', (split) => {
    expect(hashes.sha256InParts(message, split)).toEqual(hashes.sha256(message));
  });

  test.each([0, 128, 256])('SHA-512, the first of %i bytes', (split) => {
    expect(hashes.sha512InParts(message, split)).toEqual(hashes.sha512(message));
  });

  test('only the last may be a part of a block', () => {
    expect(() => hashes.sha256InParts(message, 65)).toThrow(/was refused/);
    expect(() => hashes.sha512InParts(message, 64)).toThrow(/was refused/);
  });

  test('the last may be empty, or have no room for the length', () => {
    for (const length of [128, 129, 183, 184, 191, 192, 239, 240, 255, 256]) {
      const part = message.subarray(0, length);
      expect(hashes.sha256InParts(part, 128)).toEqual(hashes.sha256(part));
      expect(hashes.sha512InParts(part, 128)).toEqual(hashes.sha512(part));
    }
  });
});
