import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type OffloadClient, type Route, sealQuestion, sha256Question } from '../../src/client.js';
import { SimulatedHardware } from '../../src/index.js';
import { AEAD_KEY } from '../support/keys.js';
import { Lab } from './lab.js';

const LOAD_MS = 1500;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Outcomes {
  sent: number;
  right: number;
  wrong: number;
  readonly errors: Record<string, number>;
  readonly routes: Record<string, number>;
}

/** Keeps so many requests under way until it is told to stop. */
class Load {
  readonly outcomes: Outcomes = { sent: 0, right: 0, wrong: 0, errors: {}, routes: {} };
  /** When the last result of each route came. */
  readonly lastMs: Partial<Record<Route, number>> = {};
  readonly #workers: Promise<void>[];
  #isOn = true;

  constructor(client: OffloadClient, width = 16) {
    this.#workers = Array.from({ length: width }, (_, worker) => this.#run(client, worker));
  }

  async stop(): Promise<Outcomes> {
    this.#isOn = false;
    await Promise.all(this.#workers);
    return this.outcomes;
  }

  async #run(client: OffloadClient, worker: number): Promise<void> {
    for (let i = 0; this.#isOn; i++) {
      const data = Buffer.from(`request ${worker}/${i} `.repeat(30));
      this.outcomes.sent++;
      try {
        const { result, route } = await client.ask(sha256Question(data));
        const isRight = hex(result) === createHash('sha256').update(data).digest('hex');
        this.outcomes[isRight ? 'right' : 'wrong']++;
        this.outcomes.routes[route] = (this.outcomes.routes[route] ?? 0) + 1;
        this.lastMs[route] = performance.now();
      } catch (error) {
        const { code } = error as { code: string };
        this.outcomes.errors[code] = (this.outcomes.errors[code] ?? 0) + 1;
      }
    }
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + 10_000; !condition(); await delay(5)) if (Date.now() > end) return false;
  return true;
}

describe('under load, when the card', () => {
  test.each(['rejects', 'stalls', 'wrong'] as const)(
    '%s, no request is lost, and another route takes over',
    async (failure) => {
      await using lab = new Lab();
      const card = new SimulatedHardware({ latencyUs: 100 });
      const service = await lab.attach({ hardware: card, policy: 'hardware', checkEvery: 8, stallMs: 200 });
      const load = new Load(lab.connect().client);
      expect(await until(() => (load.outcomes.routes.hardware ?? 0) > 100)).toBe(true);

      card.card.failure = failure;
      const failedMs = performance.now();
      expect(await until(() => service.stats().routes.hardware!.isOut)).toBe(true);
      expect(performance.now() - failedMs).toBeLessThan(process.env.CI ? 5000 : 1000);
      const elsewhere = () => (load.outcomes.routes.bpf ?? 0) + (load.outcomes.routes.userspace ?? 0);
      expect(await until(() => elsewhere() > 100)).toBe(true);

      card.card.failure = 'none';
      expect(await until(() => !service.stats().routes.hardware!.isOut)).toBe(true);
      const before = load.outcomes.routes.hardware!;
      expect(await until(() => load.outcomes.routes.hardware! > before + 100)).toBe(true);

      const { sent, right, wrong, errors } = await load.stop();
      expect(errors).toEqual({});
      expect(right + wrong).toBe(sent);
      /* What was wrong before a check found it: at most what comes between two checks, and was under way. */
      expect(wrong).toBeLessThanOrEqual(failure === 'wrong' ? 8 + 16 : 0);
      expect(service.stats().routes.hardware!.outages).toBeGreaterThan(0);
      await lab.detach(service);
    },
  );
});

test('killed workers lose nothing', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ policy: 'userspace', stallMs: 1000 });
  const load = new Load(lab.connect().client);
  expect(await until(() => load.outcomes.right > 100)).toBe(true);
  await service.killWorker();
  await delay(LOAD_MS / 3);
  const { sent, right, errors } = await load.stop();
  expect([errors, right]).toEqual([{}, sent]);
  await lab.detach(service);
});

test('what is sealed again after a failure has another nonce', async () => {
  await using lab = new Lab();
  const card = new SimulatedHardware({ failure: 'rejects' });
  const service = await lab.attach({ hardware: card, policy: 'hardware' });
  const { client } = lab.connect();
  const first = await client.ask(sealQuestion(AEAD_KEY, Buffer.from('text')));
  expect(first.route).toBe('userspace');
  /* Highest bit of the counter: a nonce of the service's own process. */
  expect(first.result[8]! >> 7).toBe(1);
  const second = await client.seal(AEAD_KEY, Buffer.from('text'));
  expect(hex(second.subarray(0, 12))).not.toBe(hex(first.result.subarray(0, 12)));
  await lab.detach(service);
});

test('without a controller, BPF goes on and the rest is refused by name', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ policy: 'userspace' });
  const { client } = lab.connect();
  expect((await client.ask(sha256Question(Buffer.from('a')))).route).toBe('userspace');
  await service.close();
  expect((await client.ask(sha256Question(Buffer.from('a')))).route).toBe('bpf');
  await expect(client.sha256(new Uint8Array(5000))).rejects.toMatchObject({ code: 'ERR_OFFLOAD_BUSY' });
  const next = await lab.attach({ policy: 'userspace' });
  expect((await client.ask(sha256Question(Buffer.from('a')))).route).toBe('userspace');
  await lab.detach(next);
});
