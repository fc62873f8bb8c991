import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WORKER_SOURCE } from '../src/client/worker-source.gen.js';
import { PowError, type Progress, serveWorker, solve, verifySolution } from '../src/client.js';
import { randomChallenge } from './puzzles.js';

const threads: Worker[] = [];

function thread(source = WORKER_SOURCE): Worker {
  const worker = new Worker(source, { eval: true, execArgv: [] });
  threads.push(worker);
  return worker;
}

const running = () => threads.filter((worker) => worker.threadId !== -1).length;

afterEach(() => {
  expect(running()).toBe(0);
  threads.length = 0;
  vi.useRealTimers();
});

describe('solve in workers', () => {
  test('one worker finds what one thread finds', async () => {
    for (const difficulty of [0, 5, 12, 16]) {
      const challenge = randomChallenge(difficulty);
      const [here, there] = await Promise.all(
        [0, 1].map((workers) => solve(challenge, { workers, startNonce: 9n })),
      );
      expect([there!.nonce, there!.hashes]).toEqual([here!.nonce, here!.hashes]);
    }
  });

  test('several workers share the nonces and are ended', async () => {
    const challenge = randomChallenge(18);
    const { nonce, hashes } = await solve(challenge, { workers: 3, createWorker: thread });
    expect(verifySolution(challenge, nonce)).toBe(true);
    expect(hashes).toBeGreaterThan(0);
    expect(threads).toHaveLength(3);
  });

  test('the default is workers from difficulty 17 on', async () => {
    await solve(randomChallenge(16), { createWorker: thread });
    expect(threads).toHaveLength(0);
    await solve(randomChallenge(17), { createWorker: thread });
    expect(threads.length).toBeGreaterThan(0);
  });

  test.each([0, 2])('an abort ends the search with %i workers', async (workers) => {
    const controller = new AbortController();
    const solution = solve(randomChallenge(32), { workers, createWorker: thread, signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 150);
    const error = await solution.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(PowError);
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
  });

  test('an aborted signal starts nothing', async () => {
    const signal = AbortSignal.abort();
    await expect(
      solve(randomChallenge(32), { workers: 2, createWorker: thread, signal }),
    ).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(threads).toHaveLength(0);
  });

  test.each([0, 2])('progress is told with %i workers', async (workers) => {
    const seen: Progress[] = [];
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      seen.push(progress);
      if (seen.length === 4) controller.abort();
    };
    const solution = solve(randomChallenge(30), {
      workers,
      createWorker: thread,
      onProgress,
      signal: controller.signal,
    });
    await expect(solution).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(seen.map(({ hashes }) => hashes)).toEqual(seen.map(({ hashes }) => hashes).sort((a, b) => a - b));
    for (const { hashes, rate, expected } of seen) {
      expect(hashes).toBeGreaterThan(0);
      expect(rate).toBeGreaterThan(1000);
      expect(expected).toBe(2 ** 30);
    }
  });

  test.each([0, 2])('what onProgress throws ends the search with %i workers', async (workers) => {
    const onProgress = () => {
      throw new Error('display is gone');
    };
    const solution = solve(randomChallenge(32), { workers, createWorker: thread, onProgress });
    await expect(solution).rejects.toThrow('display is gone');
  });
});

describe('solve without working workers', () => {
  test('goes on where a policy forbids them', async () => {
    const createWorker = vi.fn(() => {
      throw new DOMException('refused by the Content-Security-Policy', 'SecurityError');
    });
    const challenge = randomChallenge(10);
    const { nonce } = await solve(challenge, { workers: 2, createWorker });
    expect(verifySolution(challenge, nonce)).toBe(true);
    expect(createWorker).toHaveBeenCalledTimes(2);
  });

  test('goes on when all of them break', async () => {
    const challenge = randomChallenge(10);
    const createWorker = () => thread('throw new Error("no such file")');
    const { nonce } = await solve(challenge, { workers: 2, createWorker });
    expect(verifySolution(challenge, nonce)).toBe(true);
  });

  test('goes on with those that do not break', async () => {
    const challenge = randomChallenge(17);
    const sources = ['process.exit(1)', WORKER_SOURCE];
    const { nonce } = await solve(challenge, { workers: 2, createWorker: () => thread(sources.pop()) });
    expect(verifySolution(challenge, nonce)).toBe(true);
    expect(threads).toHaveLength(2);
  });

  test('gives up on workers that stay mute', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const challenge = randomChallenge(10);
    const solution = solve(challenge, {
      workers: 1,
      createWorker: () => thread('setInterval(() => {}, 1000)'),
    });
    await vi.advanceTimersByTimeAsync(4999);
    expect(running()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const { nonce } = await solution;
    expect(verifySolution(challenge, nonce)).toBe(true);
  });

  test('serveWorker outside of a worker is an error', async () => {
    const worker = thread(`
      const { parentPort } = require('node:worker_threads');
      process.getBuiltinModule = undefined;
      try { (0, eval)(${JSON.stringify(WORKER_SOURCE)}); } catch (error) { parentPort.postMessage(error.message); }
    `);
    const message = await new Promise((resolve) => worker.once('message', resolve));
    expect(message).toBe('serveWorker was called outside of a worker');
    await worker.terminate();
    expect(serveWorker).toBeTypeOf('function');
  });
});
