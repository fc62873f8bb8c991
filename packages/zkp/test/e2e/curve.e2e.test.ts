import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Group, Groups, PublicKeys, ZkpFilter } from '../../src/index.js';
import { type TestKey, testKey, testKeys } from '../support/keys.js';
import { AUDIENCE, CLIENT, Lab, type ProverSpec } from './lab.js';

/** 32 KiB a table: built quickly, also on an emulated machine. */
const TABLES = { tableWidth: 4 };

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.create();
});
afterAll(() => lab[Symbol.dispose]());

describe('a service behind a gate for keys', () => {
  let filter: ZkpFilter<PublicKeys>;
  const [own, other] = testKeys(2) as [TestKey, TestKey];
  beforeAll(async () => {
    filter = await lab.attach({
      kind: 'schnorr',
      keys: [{ id: 1, key: own.publicKey }],
      maxKeys: 4,
      ...TABLES,
    });
  });
  afterAll(() => filter.detach());

  const schnorr = (keyId: number, { secretKey }: TestKey, more = {}): ProverSpec => ({
    make: 'createSchnorrProver',
    options: { audience: AUDIENCE, keyId, key: secretKey, ...more },
  });

  it.each(['ipv4', 'ipv6'] as const)('opens to who has one, over %s', async (family) => {
    expect(await lab.reaches(family)).toBe('silent');
    expect(await lab.prove(family, schnorr(1, other))).toBe('DROP_PROOF');
    expect(await lab.prove(family, schnorr(1, own, { audience: 'web.example' }))).toBe('DROP_PROOF');
    expect(await lab.reaches(family)).toBe('silent');
    expect(await lab.prove(family, schnorr(1, own))).toBe('admitted');
    expect(await lab.opens(family)).toBe('open');
    expect(filter.revoke(CLIENT[family])).toBe(true);
    expect(await lab.reaches(family)).toBe('silent');
  });

  it('takes keys on, and removes them, at once or after a while', async () => {
    await filter.provers.add({ id: 2, key: other.publicKey });
    expect(await lab.prove('ipv4', schnorr(2, other))).toBe('admitted');
    expect(filter.provers.remove(2, { after: 600 })).toBe(true);
    expect(await lab.prove('ipv4', schnorr(2, other))).toBe('admitted');
    expect(filter.provers.remove(2)).toBe(true);
    expect(await lab.prove('ipv4', schnorr(2, other))).toBe('DROP_KEY_UNKNOWN');
    expect(filter.provers.list()).toMatchObject([{ id: 1, proofs: 2n }]);
  });
});

describe('a service behind a gate for a group', () => {
  let filter: ZkpFilter<Groups>;
  const members = testKeys(4, 10);
  const stranger = testKey(99);
  let group: Group;
  beforeAll(async () => {
    filter = await lab.attach({
      kind: 'ring',
      groups: [{ id: 7, members: members.map(({ publicKey }) => publicKey) }],
      maxGroups: 2,
      maxMembers: 8,
      ...TABLES,
    });
    group = filter.provers.description(7);
  });
  afterAll(() => filter.detach());

  const ring = (group: Group, { secretKey }: TestKey, more = {}): ProverSpec => ({
    make: 'createRingProver',
    options: { audience: AUDIENCE, group, key: secretKey, ...more },
  });

  it.each(['ipv4', 'ipv6'] as const)('opens to each of its members, over %s', async (family) => {
    expect(await lab.reaches(family)).toBe('silent');
    expect(await lab.prove(family, ring(group, members[0]!, { audience: 'web.example' }))).toBe('DROP_PROOF');
    const joined = {
      ...group,
      members: [...group.members.slice(1), Buffer.from(stranger.publicKey).toString('hex')],
    };
    expect(await lab.prove(family, ring(joined, stranger))).toBe('DROP_PROOF');
    expect(await lab.reaches(family)).toBe('silent');
    for (const member of members) {
      expect(await lab.prove(family, ring(group, member))).toBe('admitted');
      expect(await lab.opens(family)).toBe('open');
      expect(filter.revoke(CLIENT[family])).toBe(true);
    }
    expect(await lab.reaches(family)).toBe('silent');
  });

  it('of which an epoch ends at once, or after a while', async () => {
    const old = group;
    await filter.provers.rotate(7, {
      members: members.slice(1).map(({ publicKey }) => publicKey),
      overlap: 600,
    });
    const next = filter.provers.description(7);
    expect(next).toMatchObject({ id: 7, epoch: 2 });
    expect(await lab.prove('ipv4', ring(old, members[0]!))).toBe('admitted');
    expect(await lab.prove('ipv4', ring(next, members[1]!))).toBe('admitted');
    expect(filter.provers.list()).toMatchObject([{ id: 7, epoch: 2, members: 3, previous: { epoch: 1 } }]);
    await filter.provers.rotate(7, { limit: 2 });
    expect(await lab.prove('ipv4', ring(old, members[0]!))).toBe('DROP_GROUP_EPOCH');
    expect(await lab.prove('ipv4', ring(next, members[1]!))).toBe('DROP_GROUP_EPOCH');
    expect(await lab.prove('ipv4', ring({ ...next, id: 8 }, members[1]!))).toBe('DROP_GROUP');
  });

  it('that admits a member so many times in an epoch', async () => {
    const counted = filter.provers.description(7);
    expect(counted).toMatchObject({ epoch: 3, limit: 2 });
    for (const expected of ['admitted', 'admitted', 'DROP_IMAGE_LIMIT'])
      expect(await lab.prove('ipv4', ring(counted, members[1]!))).toBe(expected);
    expect(await lab.prove('ipv4', ring(counted, members[2]!))).toBe('admitted');
    expect(filter.provers.list()).toMatchObject([{ limit: 2, seen: 2 }]);
    await filter.provers.rotate(7);
    expect(await lab.prove('ipv4', ring(filter.provers.description(7), members[1]!))).toBe('admitted');
    expect(filter.provers.remove(7)).toBe(true);
    expect(filter.provers.list()).toEqual([]);
    expect(await lab.prove('ipv4', ring(counted, members[1]!))).toBe('DROP_GROUP');
  });
});
