import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Groups, ZkpFilter } from '../../src/index.js';
import { testKeys } from '../support/keys.js';
import { AUDIENCE, Lab } from './lab.js';

const MEMBERS = testKeys(2, 80);

let lab: Lab;
let filter: ZkpFilter<Groups>;
beforeAll(async () => {
  lab = await Lab.create();
  filter = await lab.attach({
    kind: 'ring',
    groups: [{ id: 1, members: MEMBERS.map(({ publicKey }) => publicKey), limit: 1 }],
    maxGroups: 1,
    maxMembers: 2,
    tableWidth: 4,
  });
});
afterAll(() => lab[Symbol.dispose]());

it('a service is silent, and open after a proof, on this kernel', async () => {
  const group = filter.provers.description(1);
  const options = { audience: AUDIENCE, group, key: MEMBERS[1]!.secretKey };
  expect(await lab.reaches('ipv6')).toBe('silent');
  expect(await lab.prove('ipv6', { make: 'createRingProver', options })).toBe('admitted');
  expect(await lab.opens('ipv6')).toBe('open');
});
