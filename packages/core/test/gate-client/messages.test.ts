import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  encodeHeader,
  Failures,
  GateClientError,
  GateMessages,
  MessageType,
  parseChallenge,
} from '../../src/gate-client.js';

const codes = {
  challenge: 'ERR_CHALLENGE',
  message: 'ERR_MESSAGE',
  rejected: 'ERR_REJECTED',
  timeout: 'ERR_TIMEOUT',
  network: 'ERR_NETWORK',
  aborted: 'ERR_ABORTED',
};
class FeatureError extends GateClientError<string> {}
const failures = Failures.of(FeatureError, codes);
const messages = new GateMessages({ magic: 0x11223344, proofLength: 20, otherLengths: [100], failures });
const transaction = randomBytes(8);

describe('messages', () => {
  test('of a type have its length', () => {
    for (const type of [0, 1, 2, 3, 4, 5, 200]) {
      for (const length of [16, 63, 64, 65, 68, 100, 101]) {
        const bytes = encodeHeader(0x11223344, type, transaction, length);
        const fits =
          ((type === MessageType.HELLO || type === MessageType.CHALLENGE) && length === 64) ||
          (type === MessageType.PROOF && length === 68) ||
          (type === MessageType.VERDICT && [64, 68, 100].includes(length)) ||
          (![1, 2, 3, 4].includes(type) && length === 100);
        expect(messages.typeOf(bytes)).toBe(fits ? type : undefined);
      }
    }
  });

  test('of another feature or version have no type, nor have bytes that are too few', () => {
    const hello = messages.encodeHello(transaction);
    for (const at of [0, 1, 2, 3, 4]) {
      const other = hello.slice();
      other[at]! ^= 1;
      expect(messages.typeOf(other)).toBeUndefined();
    }
    for (let length = 0; length < 64; length++)
      expect(messages.typeOf(hello.slice(0, length))).toBeUndefined();
  });

  test('are found in the middle of a buffer', () => {
    const buffer = new Uint8Array(100);
    buffer.set(messages.encodeHello(transaction), 9);
    expect(messages.typeOf(buffer.subarray(9, 73))).toBe(MessageType.HELLO);
  });

  test('carry what has the right length', () => {
    expect(() => messages.encodeProof(transaction, randomBytes(32), randomBytes(19))).toThrow(
      'proof is 19 bytes',
    );
    expect(() => messages.encodeProof(transaction, randomBytes(31), randomBytes(20))).toThrow(
      'challenge is 31 bytes',
    );
    const proof = messages.encodeProof(transaction, randomBytes(32), randomBytes(20));
    expect(messages.typeOf(proof)).toBe(MessageType.PROOF);
  });
});

test('a challenge may ask for no more than exists', () => {
  const challenge = Uint8Array.of(1, 5, ...new Uint8Array(30));
  expect(parseChallenge(challenge, { failures, maxDifficulty: 5 }).difficulty).toBe(5);
  expect(() => parseChallenge(challenge, { failures, maxDifficulty: 4 })).toThrow(
    expect.objectContaining({ code: 'ERR_CHALLENGE' }),
  );
});

describe('failures', () => {
  test('are errors of the feature, told apart by kind', () => {
    const error = failures.make('timeout', 'too late', { status: 1, reason: 'DROP_X', cause: 2 });
    expect(error).toBeInstanceOf(FeatureError);
    expect(error).toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'too late',
      status: 1,
      reason: 'DROP_X',
      cause: 2,
    });
    expect(failures.is(error)).toBe(true);
    expect(failures.is(error, 'network', 'timeout')).toBe(true);
    expect(failures.is(error, 'network')).toBe(false);
    expect(failures.is(new Error('too late'))).toBe(false);
  });

  test('of a signal are its reason, or have it as their cause', () => {
    const own = failures.make('timeout', 'too late');
    expect(failures.aborted(AbortSignal.abort(own))).toBe(own);
    expect(failures.aborted(AbortSignal.abort('why'))).toMatchObject({ code: 'ERR_ABORTED', cause: 'why' });
  });
});
