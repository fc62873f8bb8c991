import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { leadingMask } from '../src/client/search.js';
import {
  decodeChallenge,
  decodeVerdict,
  encodeHello,
  encodeSolution,
  leadingZeroBits,
  MessageType,
  messageType,
  parseChallenge,
  reasonName,
  solve,
  verifySolution,
} from '../src/client.js';
import { firstSolution, randomChallenge, zeroBits } from './puzzles.js';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const vector = (difficulty: string) =>
  hex(`01 ${difficulty} 07 00 000001bb 0000019ab1234567 0011223344556677 fedcba9876543210`);

/** Difficulty in hex, and the smallest nonce that solves it. */
const VECTORS: [string, bigint][] = [
  ['00', 0n],
  ['01', 3n],
  ['08', 429n],
  ['0c', 2588n],
  ['10', 66941n],
  ['14', 1318207n],
];

describe('challenge', () => {
  test('is read field by field', () => {
    expect(parseChallenge(vector('14'))).toEqual({
      difficulty: 20,
      keyId: 7,
      service: 443,
      issued: 0x19ab1234567,
      salt: 0x0011223344556677n,
    });
  });

  test('is read from the middle of a buffer', () => {
    const buffer = new Uint8Array(100);
    buffer.set(vector('0c'), 17);
    expect(parseChallenge(buffer.subarray(17, 49))).toEqual(parseChallenge(vector('0c')));
  });

  test.each([
    ['too short', hex('0114'), 'challenge is 2 bytes, expected 32'],
    ['too long', new Uint8Array(33), 'challenge is 33 bytes, expected 32'],
    ['of another version', hex(`02${'00'.repeat(31)}`), /version 2, expected 1/],
    ['with a reserved byte', hex(`01000009${'00'.repeat(28)}`), 'challenge has 9 in byte 3, expected 0'],
    ['beyond 64 bits', vector('41'), /difficulty 65, at most 64/],
  ])('%s is refused', async (_, bytes, message) => {
    const expected = expect.objectContaining({
      code: 'ERR_POW_CHALLENGE',
      message: expect.stringMatching(message),
    });
    expect(() => parseChallenge(bytes)).toThrow(expected);
    expect(() => verifySolution(bytes, 0n)).toThrow(expected);
    await expect(solve(bytes)).rejects.toThrow(expected);
  });

  test('that is no Uint8Array is a TypeError', () => {
    expect(() => parseChallenge('01' as never)).toThrow(
      new TypeError('challenge is string, expected Uint8Array'),
    );
  });
});

test.each([
  ['', 0],
  ['00', 8],
  ['80', 0],
  ['7f', 1],
  ['01', 7],
  ['0000000000000000', 64],
  ['000040', 17],
])('0x%s has %i leading zero bits', (text, bits) => {
  expect(leadingZeroBits(hex(text))).toBe(bits);
});

describe('verifySolution', () => {
  test.each(VECTORS)('accepts the vector of difficulty 0x%s', (difficulty, nonce) => {
    expect(verifySolution(vector(difficulty), nonce)).toBe(true);
    if (nonce > 0n) expect(verifySolution(vector(difficulty), nonce - 1n)).toBe(false);
  });

  test('agrees with node:crypto', () => {
    for (let i = 0; i < 3000; i++) {
      const challenge = randomChallenge(i % 8);
      const nonce = randomBytes(8).readBigUInt64LE();
      expect(verifySolution(challenge, nonce)).toBe(zeroBits(challenge, nonce) >= challenge[1]!);
    }
  });

  test.each([-1n, 2n ** 64n])('refuses the nonce %s', (nonce) => {
    expect(() => verifySolution(vector('00'), nonce)).toThrow(RangeError);
  });
});

describe('solve on one thread', () => {
  test.each(VECTORS)('finds the vector of difficulty 0x%s', async (difficulty, nonce) => {
    const started = performance.now();
    const { durationMs, ...found } = await solve(vector(difficulty), { workers: 0 });
    expect(found).toEqual({ nonce, hashes: Number(nonce) + 1 });
    expect(durationMs).toBeGreaterThan(0);
    expect(durationMs).toBeLessThanOrEqual(performance.now() - started);
  });

  test('finds the first solution from any start', async () => {
    for (let i = 0; i < 200; i++) {
      const challenge = randomChallenge(i % 11);
      const startNonce = randomBytes(8).readBigUInt64LE();
      const { nonce } = await solve(challenge, { workers: 0, startNonce });
      expect(nonce).toBe(firstSolution(challenge, startNonce));
    }
  });

  test.each([2n ** 32n - 3n, 2n ** 64n - 3n])('carries and wraps after %s', async (startNonce) => {
    for (let i = 0; i < 20; i++) {
      const challenge = randomChallenge(7);
      const { nonce } = await solve(challenge, { workers: 0, startNonce });
      expect(nonce).toBe(firstSolution(challenge, startNonce));
    }
  });

  test('does not notice what becomes of the caller’s buffer', async () => {
    const challenge = vector('14');
    const solution = solve(challenge, { workers: 0 });
    challenge.fill(0);
    expect((await solution).nonce).toBe(1318207n);
  });

  test('lets the event loop turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await solve(vector('14'), { workers: 0 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});

test.each([
  [-5, 0],
  [0, 0],
  [1, 0x80000000],
  [31, 0xfffffffe],
  [32, 0xffffffff],
  [40, 0xffffffff],
])('the mask of %i leading bits is right', (bits, mask) => {
  expect(leadingMask(bits) >>> 0).toBe(mask);
});

test.each([
  [{ maxDifficulty: 19 }, 'at most 19 is accepted: raise maxDifficulty to solve it'],
  [{ workers: -1 }, 'workers is -1, expected an integer from 0 to 256'],
  [{ workers: 1.5 }, 'workers is 1.5, expected'],
  [{ startNonce: -1n }, 'nonce is -1, expected 0 to 2^64 - 1'],
])('solve refuses %o', async (options, message) => {
  await expect(solve(vector('14'), options)).rejects.toThrow(message);
});

describe('messages', () => {
  const transaction = hex('a1a2a3a4a5a6a7a8');
  const challengeMessage = hex(
    `504f5721 01 02 00 00 a1a2a3a4a5a6a7a8
     01140700000001bb0000019ab12345670011223344556677fedcba9876543210
     00000000000000000000ffffc0000201`.replace(/\s/g, ''),
  );
  const verdict = hex(`504f5721 01 04 60 00 a1a2a3a4a5a6a7a8 00000258 000001e0 ${'00'.repeat(40)}`);

  test('a hello is its header and zeros', () => {
    const expected = hex(`504f5721 01 01 00 00 a1a2a3a4a5a6a7a8 ${'00'.repeat(48)}`);
    expect(encodeHello(transaction)).toEqual(expected);
  });

  test('a solution carries the challenge and the nonce', () => {
    const expected = `504f5721 01 03 00 00 a1a2a3a4a5a6a7a8
      01140700000001bb0000019ab12345670011223344556677fedcba9876543210 8877665544332211 0000000000000000`;
    expect(encodeSolution(transaction, vector('14'), 0x1122334455667788n)).toEqual(
      hex(expected.replace(/\s/g, '')),
    );
  });

  test('a challenge message is read', () => {
    expect(decodeChallenge(challengeMessage)).toEqual({
      transaction,
      challenge: vector('14'),
      source: '192.0.2.1',
    });
  });

  test('a verdict is read', () => {
    expect(decodeVerdict(verdict)).toEqual({ transaction, status: 96, lifetime: 600, renewAfter: 480 });
  });

  test('other bytes have no type and are refused', () => {
    for (const offset of [0, 3, 4, 5]) {
      const bytes = verdict.slice();
      bytes[offset]! ^= 0x80;
      expect(messageType(bytes)).toBeUndefined();
      expect(() => decodeVerdict(bytes)).toThrow(expect.objectContaining({ code: 'ERR_POW_MESSAGE' }));
    }
    for (let length = 0; length < 64; length++) expect(messageType(verdict.slice(0, length))).toBeUndefined();
    expect(messageType(verdict)).toBe(MessageType.VERDICT);
    expect(() => decodeChallenge(verdict)).toThrow(
      'not a challenge message: 64 bytes, starting with 0x504f572101046000',
    );
  });

  test('lengths of arguments are checked', () => {
    expect(() => encodeHello(new Uint8Array(7))).toThrow('transaction id is 7 bytes, expected 8');
    expect(() => encodeSolution(transaction, new Uint8Array(31), 0n)).toThrow(
      'challenge is 31 bytes, expected 32',
    );
    expect(() => encodeSolution(transaction, vector('00'), 2n ** 64n)).toThrow(RangeError);
  });

  test('IPv6 sources are written as URLs write them', () => {
    for (let i = 0; i < 2000; i++) {
      const groups = Array.from({ length: 8 }, () =>
        Math.random() < 0.5 ? 0 : randomBytes(2).readUInt16BE(),
      );
      groups[0] = 0x2001;
      const message = challengeMessage.slice();
      for (const [at, group] of groups.entries()) new DataView(message.buffer).setUint16(48 + 2 * at, group);
      const url = new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`);
      expect(`[${decodeChallenge(message).source}]`).toBe(url.hostname);
    }
  });

  test.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000000000000000000000', '2001:db8::'],
    ['10000000000100000000000000000010', '1000:0:1::10'],
    ['20010db8000100020003000400050006', '2001:db8:1:2:3:4:5:6'],
  ])('the source %s reads %s', (bytes, text) => {
    const message = challengeMessage.slice();
    message.set(hex(bytes), 48);
    expect(decodeChallenge(message).source).toBe(text);
  });
});

test.each([
  [0, 'REASON_NONE'],
  [92, 'DROP_CHALLENGE_EXPIRED'],
  [96, 'DROP_SPENT'],
  [255, 'reason 255'],
  [255, 'reason 255'],
])('status %i is called %s', (status, name) => {
  expect(reasonName(status)).toBe(name);
});
