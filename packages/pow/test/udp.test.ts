import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstReached } from '@cryptbpf/core/gate-udp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { solving } from '../src/udp/access.js';
import { type AccessOptions, PowError, requestAccess } from '../src/udp.js';
import { challengeReply, Peer, type Question, verdictReply } from './peer.js';
import { randomChallenge } from './puzzles.js';

let peer: Peer;

beforeEach(async () => {
  peer = await Peer.open();
});

afterEach(() => peer[Symbol.asyncDispose]());

const request = (options: Partial<AccessOptions> = {}) =>
  requestAccess({ host: '127.0.0.1', port: peer.port, ...options });

const admitted = { lifetime: 600, renewAfter: 480, difficulty: 8, source: '127.0.0.1', address: '127.0.0.1' };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** In hexadecimal, each once: a message is repeated while its answer is late. */
const distinct = (questions: readonly Question[]) => [...new Set(questions.map(({ bytes }) => hex(bytes)))];
const tampered = (bytes: Buffer, offset: number) => {
  const copy = Buffer.from(bytes);
  copy[offset]! ^= 1;
  return copy;
};

describe('an exchange', () => {
  test('is hello, challenge, solution, verdict', async () => {
    expect(await request()).toEqual(admitted);
    const [hello, solution, ...more] = distinct(peer.questions);
    expect(more).toEqual([]);
    expect(hello).toMatch(/^504f572101010000[0-9a-f]{16}0{96}$/);
    expect(solution).toMatch(/^504f572101030000[0-9a-f]{16}0108[0-9a-f]{76}0{16}$/);
    expect(solution!.slice(16, 32)).toBe(hello!.slice(16, 32));
  });

  test('has a transaction id of its own', async () => {
    await request();
    await request();
    expect(new Set(peer.hellos.map(({ bytes }) => hex(bytes.subarray(8, 16)))).size).toBe(2);
  });

  test('works over IPv6', async () => {
    await using six = await Peer.open('::1');
    const access = await request({ host: '::1', port: six.port });
    expect(access).toEqual({ ...admitted, source: '::1', address: '::1' });
  });

  test('comes from the local address that was asked for', async () => {
    expect(await request({ host: 'localhost', localAddress: '127.0.0.9' })).toMatchObject({
      source: '127.0.0.9',
    });
  });

  test('tells the progress of the search', async () => {
    peer.difficulty = 30;
    const controller = new AbortController();
    const onProgress = vi.fn(() => controller.abort());
    const access = request({ onProgress, workers: 1, signal: controller.signal });
    await expect(access).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(onProgress).toHaveBeenCalledWith(expect.objectContaining({ expected: 2 ** 30 }));
  });
});

describe('on a bad network', () => {
  test('lost hellos are sent again, the same', async () => {
    peer.script = ({ hello, index }, honest) => (hello && index < 2 ? [] : [honest()]);
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.hellos)).toHaveLength(1);
    expect(peer.hellos.length).toBeGreaterThanOrEqual(3);
  });

  test('a lost solution is sent again, the same', async () => {
    peer.script = ({ hello, index }, honest) => (!hello && index < 1 ? [] : [honest()]);
    expect(await request()).toEqual(admitted);
    expect(peer.solutions.length).toBeGreaterThanOrEqual(2);
    expect(distinct(peer.solutions)).toHaveLength(1);
  });

  test('doubled answers count once', async () => {
    peer.script = (_, honest) => {
      const reply = honest();
      return [reply, reply, reply];
    };
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.questions)).toHaveLength(2);
  });

  test('late answers count, and only one challenge is solved', async () => {
    peer.script = async (_, honest) => {
      await sleep(800);
      return [honest()];
    };
    expect(await request()).toEqual(admitted);
    expect(peer.hellos.length).toBeGreaterThan(1);
    expect(distinct(peer.solutions)).toHaveLength(1);
  });

  test('garbage is ignored', async () => {
    peer.script = (_, honest) => {
      const reply = honest();
      const garbage = Array.from({ length: 50 }, (_, i) => randomBytes(2 * i));
      const cut = [reply.subarray(0, 63), Buffer.concat([reply, Buffer.alloc(1)])];
      const wrong = [0, 1, 2, 3, 4].map((offset) => tampered(reply, offset));
      return [...garbage, ...cut, ...wrong, reply];
    };
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.questions)).toHaveLength(2);
  });
});

describe('a lost verdict', () => {
  test('is not taken for an admission: a second challenge is solved', async () => {
    peer.script = ({ hello, index }, honest) => {
      const reply = honest();
      return !hello && index === 0 ? [] : [reply];
    };
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.hellos)).toHaveLength(2);
    const [first, second, ...more] = distinct(peer.solutions);
    expect(more).toEqual([]);
    expect(peer.solutions.filter(({ bytes }) => hex(bytes) === first).length).toBeGreaterThanOrEqual(2);
    expect(second!.slice(32, 96)).not.toBe(first!.slice(32, 96));
  });

  test('that was only overtaken still counts', async () => {
    peer.script = async ({ hello, bytes }, honest) => {
      if (hello) return [honest()];
      return [verdictReply(bytes, { status: 96 }), honest()];
    };
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.questions)).toHaveLength(2);
  });

  test('and answered with how long the source is still admitted, counts', async () => {
    peer.script = ({ hello, bytes }, honest) =>
      hello ? [honest()] : [verdictReply(bytes, { status: 96, lifetime: 500, renewAfter: 375 })];
    expect(await request()).toMatchObject({ lifetime: 500, renewAfter: 375 });
    expect(distinct(peer.questions)).toHaveLength(2);
  });

  test('every time ends in the truth', async () => {
    peer.script = ({ hello, bytes }, honest) => (hello ? [honest()] : [verdictReply(bytes, { status: 96 })]);
    await expect(request()).rejects.toMatchObject({ code: 'ERR_POW_REJECTED', reason: 'DROP_SPENT' });
    expect(distinct(peer.hellos)).toHaveLength(4);
  });
});

describe('an attacker', () => {
  test('who does not know the transaction id is ignored', async () => {
    peer.script = ({ hello, bytes, from }, honest) => {
      const forged = tampered(bytes, 8);
      const bad = [
        challengeReply(forged, randomChallenge(30), from.address),
        verdictReply(forged, { status: 97 }),
      ];
      if (!hello) bad.push(verdictReply(forged, { status: 0, lifetime: 1 }));
      return [...bad, honest()];
    };
    expect(await request()).toEqual(admitted);
  });

  test('at another address or port is ignored', async () => {
    const spoofer = createSocket('udp4');
    peer.script = async ({ bytes, from }, honest) => {
      spoofer.send(verdictReply(bytes, { status: 97 }), from.port, from.address);
      spoofer.send(challengeReply(bytes, randomChallenge(30), from.address), from.port, from.address);
      await sleep(50);
      return [honest()];
    };
    try {
      expect(await request()).toEqual(admitted);
    } finally {
      spoofer.close();
    }
  });

  test('cannot pass an admission for the answer to a hello', async () => {
    peer.script = ({ hello, bytes }, honest) =>
      hello ? [verdictReply(bytes, { status: 0, lifetime: 9 }), honest()] : [honest()];
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.solutions)).toHaveLength(1);
  });
});

describe('a refusal', () => {
  test.each([
    [97, 'DROP_PROOF'],
    [99, 'DROP_PREFIX_LIMITED'],
    [200, 'reason 200'],
  ])('with status %i is told at once', async (status, reason) => {
    peer.script = ({ hello, bytes }, honest) => [hello ? honest() : verdictReply(bytes, { status })];
    const error = await request().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(PowError);
    expect(error).toMatchObject({
      code: 'ERR_POW_REJECTED',
      status,
      reason,
      message: `the gate refused: ${reason}`,
    });
    expect(distinct(peer.questions)).toHaveLength(2);
  });

  test('of a hello is told', async () => {
    peer.script = ({ bytes }) => [verdictReply(bytes, { status: 98 })];
    await expect(request()).rejects.toMatchObject({ code: 'ERR_POW_REJECTED', reason: 'DROP_SPENT_FULL' });
    expect(distinct(peer.questions)).toHaveLength(1);
  });

  test.each([90, 92, 93, 94, 95])('with status %i is mended by a fresh challenge', async (status) => {
    peer.script = ({ hello, index, bytes }, honest) => [
      !hello && index === 0 ? verdictReply(bytes, { status }) : honest(),
    ];
    expect(await request()).toEqual(admitted);
    expect(distinct(peer.hellos)).toHaveLength(2);
  });

  test('of four challenges in a row is final', async () => {
    peer.script = ({ hello, bytes }, honest) => [hello ? honest() : verdictReply(bytes, { status: 92 })];
    await expect(request()).rejects.toMatchObject({ reason: 'DROP_CHALLENGE_EXPIRED' });
    expect(distinct(peer.hellos)).toHaveLength(4);
  });

  test('is ours when the puzzle is too hard', async () => {
    peer.difficulty = 33;
    await expect(request()).rejects.toMatchObject({ code: 'ERR_POW_CHALLENGE' });
    peer.difficulty = 9;
    await expect(request({ maxDifficulty: 8 })).rejects.toThrow('difficulty 9, at most 8');
    expect(peer.solutions).toHaveLength(0);
  });

  test('is ours when the challenge is of another version', async () => {
    const challenge = randomChallenge(8);
    challenge[0] = 2;
    peer.script = ({ bytes, from }) => [challengeReply(bytes, challenge, from.address)];
    await expect(request()).rejects.toMatchObject({ code: 'ERR_POW_CHALLENGE' });
  });
});

describe('silence', () => {
  test('ends after the retries', async () => {
    peer.script = () => [];
    const start = Date.now();
    await expect(request({ retries: 1 })).rejects.toMatchObject({
      code: 'ERR_POW_TIMEOUT',
      message: `no answer from 127.0.0.1:${peer.port} to 2 messages`,
    });
    expect(peer.hellos).toHaveLength(2);
    expect(Date.now() - start).toBeGreaterThan(1100);
  });

  test('ends after the timeout', async () => {
    peer.script = () => [];
    await expect(request({ timeout: 1000 })).rejects.toMatchObject({
      code: 'ERR_POW_TIMEOUT',
      message: `no access to 127.0.0.1:${peer.port} within 1000 ms`,
    });
    expect(distinct(peer.hellos)).toHaveLength(1);
  });

  test('of a closed port says so', async () => {
    const closed = await Peer.open();
    const { port } = closed;
    await closed[Symbol.asyncDispose]();
    const error = await request({ port, retries: 1 }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'ERR_POW_TIMEOUT', cause: { code: 'ECONNREFUSED' } });
  });

  test('of one address leads to the next', async () => {
    const gates = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
    const { signal } = new AbortController();
    const options = { host: 'two.example', port: peer.port, retries: 0, timeout: 9000, signal };
    expect(await firstReached(gates, options, solving(options))).toEqual(admitted);
  });

  test('a puzzle that takes too long ends after the timeout', async () => {
    peer.difficulty = 32;
    await expect(request({ timeout: 400, workers: 1 })).rejects.toMatchObject({ code: 'ERR_POW_TIMEOUT' });
    expect(peer.solutions).toHaveLength(0);
  });
});

describe('an abort', () => {
  const abortAfter = async (ms: number) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('closed'), ms);
    return request({ signal: controller.signal, workers: 1 });
  };
  const aborted = { code: 'ERR_ABORTED', cause: 'closed' };

  test('ends the wait for an answer', async () => {
    peer.script = () => [];
    await expect(abortAfter(100)).rejects.toMatchObject(aborted);
  });

  test('ends the search', async () => {
    peer.difficulty = 32;
    await expect(abortAfter(600)).rejects.toMatchObject(aborted);
    expect(distinct(peer.hellos)).toHaveLength(1);
  });

  test('before the start sends nothing', async () => {
    await expect(request({ signal: AbortSignal.abort('closed') })).rejects.toMatchObject(aborted);
    expect(peer.questions).toHaveLength(0);
  });
});

describe('what cannot work', () => {
  test('a name without an address', async () => {
    await expect(request({ host: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'ERR_POW_NETWORK',
      message: expect.stringMatching(/^cannot resolve no-such-host.invalid: /),
    });
  });

  test('a local address that is not ours', async () => {
    await expect(request({ localAddress: '192.0.2.1' })).rejects.toMatchObject({
      code: 'ERR_POW_NETWORK',
      cause: { code: 'EADDRNOTAVAIL' },
    });
  });

  test.each([
    [{ host: '' }, 'host is "", expected a name or an address'],
    [{ port: 0 }, 'port is 0, expected an integer from 1 to 65535'],
    [{ timeout: Number.POSITIVE_INFINITY }, 'timeout is Infinity, expected'],
    [{ retries: 17 }, 'retries is 17, expected an integer from 0 to 16'],
  ])('%o is refused', async (options, message) => {
    await expect(request(options)).rejects.toThrow(message);
  });
});
