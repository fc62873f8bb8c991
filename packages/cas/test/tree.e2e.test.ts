import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { Reason } from '../src/cas.gen.js';
import { packet } from './support/frames.js';
import { HOOKS, TestVerifier } from './support/verifier.js';
import { chunkPacket } from './twin/packet.js';

const random = new Random(11);

let verifier: TestVerifier;
beforeAll(() => {
  verifier = new TestVerifier();
  verifier.reset();
});
afterAll(() => verifier[Symbol.dispose]());

describe.each(HOOKS)('at %s', (hook) => {
  test('chunks of every number of chunks and length lead to their root', () => {
    for (let count = 1; count <= 33; count++) {
      const data = random.bytes(64 * count - random.below(64));
      for (const index of new Set([0, count >> 1, count - 1])) {
        const { reasons } = verifier.judge(hook, packet(chunkPacket(data, 64, index)));
        expect([count, index, reasons]).toEqual([count, index, [Reason.PASS_CHUNK]]);
      }
    }
  });
});
