import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Secrets, ZkpFilter } from '../../src/index.js';
import { AUDIENCE, CLIENT, Lab, type ProverSpec } from './lab.js';

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const OTHER = SECRET.map((byte) => byte ^ 0xff);

const hash = (keyId: number, secret: Uint8Array, more = {}): ProverSpec => ({
  make: 'createHashProver',
  options: { audience: AUDIENCE, keyId, secret, ...more },
});

let lab: Lab;
let filter: ZkpFilter<Secrets>;
beforeAll(async () => {
  lab = await Lab.create();
  filter = await lab.attach({
    kind: 'hash',
    keys: [
      { id: 1, secret: SECRET },
      { id: 2, secret: OTHER, form: 'sha256' },
    ],
  });
});
afterAll(() => lab[Symbol.dispose]());

describe.each(['ipv4', 'ipv6'] as const)('a service behind a gate for secrets, over %s', (family) => {
  it('is silent to strangers, and to who proves something else', async () => {
    expect(await lab.reaches(family)).toBe('silent');
    expect(await lab.prove(family, hash(1, OTHER))).toBe('DROP_PROOF');
    expect(await lab.prove(family, hash(2, OTHER))).toBe('DROP_PROOF');
    expect(await lab.prove(family, hash(3, SECRET))).toBe('DROP_KEY_UNKNOWN');
    expect(await lab.prove(family, hash(1, SECRET, { audience: 'web.example' }))).toBe('DROP_PROOF');
    expect(await lab.reaches(family)).toBe('silent');
  });

  it('is open after a proof, and closed after the revocation', async () => {
    expect(await lab.prove(family, hash(1, SECRET))).toBe('admitted');
    expect(await lab.opens(family)).toBe('open');
    expect(filter.revoke(CLIENT[family])).toBe(true);
    expect(await lab.reaches(family)).toBe('silent');
    expect(await lab.prove(family, hash(2, OTHER, { form: 'sha256' }))).toBe('admitted');
    expect(await lab.opens(family)).toBe('open');
    filter.revoke(CLIENT[family]);
  });
});

it('closes when the lifetime is over, and takes no proof of a secret that was removed', async () => {
  filter.detach();
  filter = await lab.attach({ kind: 'hash', keys: [] }, { lifetime: { min: 2, max: 2 } });
  await filter.provers.add({ id: 9, secret: OTHER });
  expect(await lab.prove('ipv4', hash(9, OTHER))).toBe('admitted');
  expect(filter.admitted()).toMatchObject([{ source: CLIENT.ipv4, origin: 'proof' }]);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  expect(await lab.reaches('ipv4')).toBe('silent');
  expect(filter.stats().DROP_ADMISSION_EXPIRED.packets).toBeGreaterThan(0n);
  expect(filter.provers.list()).toMatchObject([{ id: 9, expiresIn: undefined, proofs: 1n }]);
  expect(filter.provers.remove(9)).toBe(true);
  expect(await lab.prove('ipv4', hash(9, OTHER))).toBe('DROP_KEY_UNKNOWN');
});
