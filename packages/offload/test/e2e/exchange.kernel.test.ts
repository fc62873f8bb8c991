import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../../../pow/test/support/random.js';
import { ROUTES, type Route, sha256Question } from '../../src/client.js';
import { SimulatedHardware } from '../../src/index.js';
import { AEAD_KEY, HMAC_KEY, HMAC_SECRET, signatureOf, VERIFY_KEY } from '../support/keys.js';
import { Lab } from './lab.js';

const random = new Random(11);
/** Emulated, each takes long: there IPv4 and user space come in the session. */
const IS_EMULATED = process.env.CRYPTBPF_VM !== undefined;
const FAMILIES = IS_EMULATED ? (['ipv6'] as const) : (['ipv4', 'ipv6'] as const);
const IN_CLEAR = IS_EMULATED ? (['bpf'] as const) : ROUTES;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('every operation gives the same on every route, over both families', async () => {
  await using lab = new Lab();
  const service = await lab.attach({ hardware: new SimulatedHardware(), checkEvery: 1, stallMs: 10_000 });
  for (const family of FAMILIES) {
    const { client } = lab.connect(family);
    for (const policy of IN_CLEAR) {
      service.update({ policy });
      await exchange(client, policy);
    }
  }
  /* In a session too: encrypted, from XDP and from user space. */
  const { client } = lab.connect('ipv4', undefined, true);
  for (const policy of ['bpf', 'userspace'] as const) {
    service.update({ policy });
    await exchange(client, policy);
  }
  const { userspace, reasons, routes } = service.stats();
  expect(userspace).toMatchObject({ wrong: 0, moved: 0 });
  expect(userspace.checked).toBeGreaterThan(0);
  expect(Number(reasons.ANSWER_RESULT.packets)).toBeGreaterThanOrEqual(8);
  expect(routes.bpf!.isOut).toBe(false);
  expect(lab.errors).toEqual([]);
  await lab.detach(service);
});

async function exchange(client: ReturnType<Lab['connect']>['client'], policy: Route): Promise<void> {
  const data = random.bytes(random.below(1200));
  const { result, route } = await client.ask(sha256Question(data));
  expect([hex(result), route]).toEqual([createHash('sha256').update(data).digest('hex'), policy]);
  expect(hex(await client.hmac(HMAC_KEY, data))).toBe(
    createHmac('sha256', HMAC_SECRET).update(data).digest('hex'),
  );
  const aad = random.bytes(random.below(50));
  const sealed = await client.seal(AEAD_KEY, data, { aad });
  expect(hex(await client.open(AEAD_KEY, sealed, { aad }))).toBe(hex(data));
  sealed[sealed.length - 1]! ^= 1;
  await expect(client.open(AEAD_KEY, sealed, { aad })).rejects.toMatchObject({ code: 'ERR_OFFLOAD_FORGED' });
  const signature = signatureOf(data);
  expect(await client.verify(VERIFY_KEY, data, signature)).toBe(true);
  signature[40]! ^= 1;
  expect(await client.verify(VERIFY_KEY, data, signature)).toBe(false);
}
