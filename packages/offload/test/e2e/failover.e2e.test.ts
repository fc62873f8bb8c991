import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pinDirectory, Store } from '@cryptbpf/core';
import { P256Layout } from '@cryptbpf/core/crypto';
import { describe, expect, test } from 'vitest';
import {
  hmacQuestion,
  type OffloadClient,
  type Route,
  sealQuestion,
  sha256Question,
} from '../../src/client.js';
import { SimulatedHardware } from '../../src/index.js';
import { entriesFor } from '../../src/kernel.js';
import { type OffloadKey, openOffload } from '../../src/offload.gen.js';
import { AEAD_KEY, HMAC_KEY, HMAC_SECRET } from '../support/keys.js';
import { Lab } from './lab.js';

const LOAD_MS = 1500;
/** Within which a route is to be out, or back; on a quiet machine, CRYPTBPF_RECOVERY_MS=1000 holds. */
const RECOVERY_MS = Number(process.env.CRYPTBPF_RECOVERY_MS ?? 10_000);
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
        const { result, route } = await client.ask(hmacQuestion(HMAC_KEY, data));
        const isRight = hex(result) === createHmac('sha256', HMAC_SECRET).update(data).digest('hex');
        this.outcomes[isRight ? 'right' : 'wrong']++;
        this.outcomes.routes[route] = (this.outcomes.routes[route] ?? 0) + 1;
        this.lastMs[route] = performance.now();
      } catch (error) {
        const { code } = error as { code: string };
        if (code === 'ERR_OFFLOAD_CLOSED') return; // the test has failed already
        this.outcomes.errors[code] = (this.outcomes.errors[code] ?? 0) + 1;
      }
    }
  }
}

async function until(condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + 10_000; !condition(); await delay(5)) if (Date.now() > end) return false;
  return true;
}

/** It becomes true in time. */
async function soon(condition: () => boolean): Promise<void> {
  const startedMs = performance.now();
  expect(await until(condition)).toBe(true);
  expect(performance.now() - startedMs).toBeLessThan(RECOVERY_MS);
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
      await soon(() => service.stats().routes.hardware!.isOut);
      const elsewhere = () => (load.outcomes.routes.bpf ?? 0) + (load.outcomes.routes.userspace ?? 0);
      expect(await until(() => elsewhere() > 100)).toBe(true);

      card.card.failure = 'none';
      await soon(() => !service.stats().routes.hardware!.isOut);
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

test('killed workers lose nothing, and their route comes back', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ policy: 'userspace', stallMs: 1000 });
  const load = new Load(lab.connect().client);
  expect(await until(() => load.outcomes.right > 100)).toBe(true);
  await service.killWorker();
  const before = load.outcomes.routes.userspace!;
  await soon(() => !service.stats().routes.userspace!.isOut && load.outcomes.routes.userspace! > before + 50);
  await delay(LOAD_MS / 3);
  const { sent, right, errors } = await load.stop();
  expect([errors, right]).toEqual([{}, sent]);
  await lab.detach(service);
});

test('BPF is taken out when a key is damaged in its memory, and comes back when it has the same question right', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ policy: 'bpf', checkEvery: 4, maxClients: 4 });
  using memory = memoryOf(lab.pinPath);
  const { keys } = memory.maps;
  const load = new Load(lab.connect().client);
  expect(await until(() => (load.outcomes.routes.bpf ?? 0) > 100)).toBe(true);

  const whole = keys.get(HMAC_KEY)!;
  keys.set(HMAC_KEY, damaged(whole));
  await soon(() => service.stats().routes.bpf!.isOut);
  const { right } = load.outcomes;
  expect(await until(() => load.outcomes.right > right + 100)).toBe(true);
  expect(service.stats().routes.bpf).toMatchObject({ isOut: true, outages: 1 });

  keys.set(HMAC_KEY, whole);
  await soon(() => !service.stats().routes.bpf!.isOut);
  const before = load.outcomes.routes.bpf!;
  expect(await until(() => load.outcomes.routes.bpf! > before + 100)).toBe(true);
  const { sent, errors, wrong, ...rest } = await load.stop();
  expect([errors, rest.right + wrong]).toEqual([{}, sent]);
  expect(lab.errors.map(({ message }) => message)).toEqual([expect.stringContaining('route bpf is out')]);
  await lab.detach(service);
});

/** What the service has in the kernel, for another process that may do anything to it. */
function memoryOf(pinPath: string) {
  const spec = openOffload(readFileSync(new URL('../../../../build/bpf/offload.bpf.o', import.meta.url)));
  spec.map('p256_entries').maxEntries = new P256Layout(0).entries;
  for (const name of ['clients', 'client_states'] as const) spec.map(name).maxEntries = entriesFor(4);
  return new Store(spec, pinDirectory('offload', { interface: 'b0', pinPath }));
}

function damaged(key: OffloadKey): OffloadKey {
  const [first, ...rest] = key.hmac.inner.h;
  return { ...key, hmac: { ...key.hmac, inner: { h: [first! ^ 1, ...rest] } } };
}

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
