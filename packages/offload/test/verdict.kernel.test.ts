import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  hmacQuestion,
  openQuestion,
  type Question,
  sealQuestion,
  sha256Question,
  verifyQuestion,
} from '../src/client.js';
import { engineKey } from '../src/keys.js';
import { OffloadError } from '../src/offload.gen.js';
import { Performer } from '../src/perform.js';
import { answerIn, type Family, packet, request } from './support/frames.js';
import { AEAD_KEY, HMAC_KEY, KEYS, signatureOf, VERIFY_KEY } from './support/keys.js';
import { TestService } from './support/service.js';

const text = (value: string) => new TextEncoder().encode(value);
const HELLO = text('hello');
const performer = new Performer();
performer.setKeys(new Map(Object.entries(KEYS).map(([id, key]) => [Number(id), engineKey(Number(id), key)])));

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
});
beforeEach(() => service.configure());
afterAll(() => service[Symbol.dispose]());

const judge = (payload: Uint8Array, ...rest: [Family?, object?]) => service.judge(packet(payload, ...rest));

/** The answer to a question that BPF answers. */
function ask(question: Question, family: Family = 'ipv4') {
  const payload = request(service, question);
  const frame = packet(payload, family);
  const verdict = service.judge(frame);
  expect(verdict.action).toBe('answer');
  expect(verdict.frame.length).toBeLessThanOrEqual(frame.length);
  return answerIn(service, verdict.frame, family)!;
}

describe('what BPF answers', () => {
  test.each(['ipv4', 'ipv6'] as const)('is what OpenSSL computes, over %s', (family) => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 500, 1344]) {
      const data = new Uint8Array(length).map((_, i) => i);
      for (const question of [sha256Question(data), hmacQuestion(HMAC_KEY, data)]) {
        const { type, data: result, detail } = ask(question, family);
        expect([
          type,
          detail,
          Buffer.compare(result, performer.perform({ ...question, nonce: undefined }).result),
        ]).toEqual([2, 0, 0]);
      }
    }
  });

  test('opens with what was sealed, under a nonce that never comes again', () => {
    const nonces = new Set<string>();
    for (const length of [0, 1, 16, 100, 1300]) {
      const clear = new Uint8Array(length).fill(7);
      const aad = text('about it').subarray(0, length % 9);
      const sealed = ask(sealQuestion(AEAD_KEY, clear, aad)).data;
      nonces.add(Buffer.from(sealed.subarray(0, 12)).toString('hex'));
      const question = openQuestion(AEAD_KEY, sealed, aad);
      expect(Buffer.compare(performer.perform({ ...question, nonce: undefined }).result, clear)).toBe(0);
      expect(Buffer.compare(ask(question).data, clear)).toBe(0);
      sealed[13 + length]! ^= 128;
      expect(ask(openQuestion(AEAD_KEY, sealed, aad))).toMatchObject({
        type: 3,
        detail: OffloadError.OFFLOAD_FORGED,
      });
    }
    expect(nonces.size).toBe(5);
  });

  test('says whether a signature holds', () => {
    const signature = signatureOf(HELLO);
    expect(ask(verifyQuestion(VERIFY_KEY, HELLO, signature)).data).toEqual(Uint8Array.of(0, 0, 0, 1));
    expect(ask(verifyQuestion(VERIFY_KEY, text('hullo'), signature)).data).toEqual(Uint8Array.of(0, 0, 0, 0));
    expect(ask(verifyQuestion(VERIFY_KEY, HELLO, new Uint8Array(64))).data).toEqual(
      Uint8Array.of(0, 0, 0, 0),
    );
  });
});

describe('requests that are none', () => {
  const changed = (at: number, value: number) => {
    const bytes = request(service, sha256Question(HELLO));
    bytes[at] = value;
    return bytes;
  };

  test.each([
    ['another magic', 0, 1, 'DROP_MESSAGE_MAGIC'],
    ['another version', 4, 2, 'DROP_MESSAGE_VERSION'],
    ['an answer', 5, 2, 'DROP_MESSAGE_TYPE'],
    ['a detail', 7, 1, 'DROP_MESSAGE_FORMAT'],
    ['a reserved field', 19, 1, 'DROP_MESSAGE_FORMAT'],
    ['no segments', 17, 0, 'DROP_MESSAGE_FORMAT'],
    ['more data than body', 22, 1, 'DROP_MESSAGE_FORMAT'],
    ['an unknown client', 11, 9, 'DROP_OFFLOAD_CLIENT'],
    ['changed data', 32, 0, 'DROP_OFFLOAD_TAG'],
  ])('%s', (_name, at, value, reason) => {
    expect(judge(changed(at, value))).toMatchObject({ action: 'drop', reasons: [reason] });
  });

  test('of an impossible length', () => {
    expect(judge(new Uint8Array(44)).reasons).toEqual(['DROP_MESSAGE_LENGTH']);
    expect(judge(new Uint8Array(50)).reasons).toEqual(['DROP_MESSAGE_LENGTH']);
    expect(judge(new Uint8Array(1396)).reasons).toEqual(['DROP_MESSAGE_LENGTH']);
  });

  test('that come a second time, or from long ago', () => {
    const bytes = request(service, sha256Question(HELLO));
    expect(judge(bytes).reasons).toEqual(['ANSWER_RESULT']);
    expect(judge(bytes)).toMatchObject({ action: 'drop', reasons: ['DROP_REPLAY'] });
    const old = request(service, sha256Question(HELLO), { counter: BigInt(Date.now() - 60_000) * 1000n });
    expect(judge(old)).toMatchObject({ action: 'drop', reasons: ['DROP_REPLAY'] });
  });

  test('to other ports pass', () => {
    const udp = { sourcePort: 40_000, destinationPort: 53 };
    expect(judge(request(service, sha256Question(HELLO)), 'ipv4', { udp })).toMatchObject({
      action: 'pass',
      reasons: ['PASS_UNPROTECTED'],
    });
  });
});

describe('clients are told why there is no result', () => {
  const error = (question: Question) => {
    const { type, detail, data } = ask(question);
    expect([type, data.length]).toEqual([3, 0]);
    return detail;
  };

  test('operation, key and length', () => {
    expect(error({ ...sha256Question(HELLO), operation: 6 })).toBe(OffloadError.OFFLOAD_BAD_OPERATION);
    expect(error({ ...sha256Question(HELLO), operation: 5 })).toBe(OffloadError.OFFLOAD_BUSY);
    expect(error(hmacQuestion(99, HELLO))).toBe(OffloadError.OFFLOAD_BAD_KEY);
    expect(error(hmacQuestion(AEAD_KEY, HELLO))).toBe(OffloadError.OFFLOAD_BAD_KEY);
    expect(error({ ...sha256Question(HELLO), room: 0 })).toBe(OffloadError.OFFLOAD_BAD_LENGTH);
    expect(error({ ...sealQuestion(AEAD_KEY, HELLO), room: 16 })).toBe(OffloadError.OFFLOAD_BAD_LENGTH);
    const beyond = { ...sealQuestion(AEAD_KEY, HELLO), data: Uint8Array.of(1, 0, 0, 0, 1) };
    expect(error(beyond)).toBe(OffloadError.OFFLOAD_BAD_LENGTH);
    expect(error({ ...verifyQuestion(VERIFY_KEY, HELLO, new Uint8Array(64)), data: HELLO })).toBe(
      OffloadError.OFFLOAD_BAD_LENGTH,
    );
  });

  test('no room, when BPF is out and no controller is there', () => {
    service.kernel.setBpfOut(true);
    expect(error(sha256Question(HELLO))).toBe(OffloadError.OFFLOAD_BUSY);
    service.kernel.setBpfOut(false);
  });

  test('budget', () => {
    service.configure({ rate: { perSecond: 0.001, burst: 1 } });
    expect(ask(sha256Question(HELLO)).type).toBe(2);
    expect(error(sha256Question(HELLO))).toBe(OffloadError.OFFLOAD_BUDGET);
  });
});

test('what is for user space goes to the ring, up to the depth of its queue', () => {
  const { maps } = service.object;
  service.configure({ policy: 'userspace', queueDepth: { userspace: 2, hardware: 1 } }, true);
  maps.queues.set(2, { done: 0, isOut: 1, slowness: 256 });
  maps.requests.take();
  for (let i = 0; i < 2; i++)
    expect(judge(request(service, sha256Question(HELLO)))).toMatchObject({
      action: 'drop',
      reasons: ['ANSWER_QUEUED'],
    });
  expect(maps.requests.take()).toHaveLength(2);
  /* It is full, and hardware is out: BPF takes it. */
  expect(judge(request(service, sha256Question(HELLO))).reasons).toEqual(['ANSWER_RESULT']);
  maps.queues.set(1, { done: maps.given.at(1), isOut: 0, slowness: 256 });
  expect(judge(request(service, sha256Question(HELLO))).reasons).toEqual(['ANSWER_QUEUED']);
  maps.queues.set(2, { done: 0, isOut: 0, slowness: 256 });
});
