import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestKey, testKeys } from '../support/keys.js';
import { AUDIENCE, CLIENT, Lab } from './lab.js';

const KEYS = testKeys(4, 120) as [TestKey, TestKey, TestKey, TestKey];
const TABLES = { tableWidth: 4 };

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => lab[Symbol.dispose]());

const points = (keys: readonly TestKey[]) => keys.map(({ publicKey }) => publicKey);
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a gate for a group', () => {
  const group = (epoch: number, keys: readonly TestKey[], limit = 0) =>
    ({
      kind: 'ring',
      groups: [{ id: 1, epoch, members: points(keys), limit }],
      maxGroups: 2,
      maxMembers: 8,
      ...TABLES,
    }) as const;

  it('stays without its controller, and counts on when the next one takes over', async () => {
    const first = await lab.attach(group(4, KEYS, 2));
    const description = first.provers.description(1);
    const prover = (i: number) => ({
      make: 'createRingProver',
      options: { audience: AUDIENCE, group: description, key: KEYS[i]!.secretKey },
    });
    expect(await lab.prove('ipv4', prover(0))).toBe('admitted');
    first.close();
    expect(await lab.prove('ipv6', prover(0))).toBe('admitted');
    const next = await lab.attach(group(4, KEYS, 2));
    expect(next.provers.description(1)).toEqual(description);
    expect(await lab.prove('ipv4', prover(0))).toBe('DROP_IMAGE_LIMIT');
    expect(await lab.prove('ipv4', prover(1))).toBe('admitted');
    await next.provers.rotate(1, { overlap: 600 });
    next.close();

    const last = await lab.attach(group(5, KEYS, 2));
    expect(last.provers.list()).toMatchObject([{ epoch: 5, seen: 0, previous: { epoch: 4 } }]);
    expect(await lab.prove('ipv4', prover(2))).toBe('admitted');
    expect(await lab.prove('ipv4', prover(0))).toBe('DROP_IMAGE_LIMIT');
    await last.provers.rotate(1, { members: points(KEYS.slice(2)) });
    expect(await lab.prove('ipv4', prover(2))).toBe('DROP_GROUP_EPOCH');
    last.detach();
    expect(await lab.opens('ipv4')).toBe('open');
  });

  it('protects an interface of the same index in another network as well', async () => {
    using other = await Lab.create();
    expect(other.server.indexOf('s0')).toBe(lab.server.indexOf('s0'));
    (await lab.attach(group(4, KEYS))).close();
    await other.attach(group(4, KEYS), { pinPath: lab.pinPath });
    expect(await lab.reaches('ipv4')).toBe('silent');
    expect(await other.reaches('ipv4')).toBe('silent');
  });

  it('takes no other members under the epoch that is up, and no earlier one', async () => {
    const first = await lab.attach(group(4, KEYS));
    first.close();
    const refused = error('ERR_INCOMPATIBLE', /group 1 is at epoch 4/);
    await expect(lab.attach(group(4, KEYS.slice(1)))).rejects.toEqual(refused);
    await expect(lab.attach(group(3, KEYS))).rejects.toEqual(refused);
    const next = await lab.attach(group(9, KEYS.slice(1)));
    expect(next.provers.list()).toMatchObject([{ epoch: 9, members: 3, previous: undefined }]);
    await expect(next.provers.add({ id: 1, members: points(KEYS) })).rejects.toEqual(
      error('ERR_EXISTS', /rotate/),
    );
    await expect(next.provers.add({ id: 2, members: points(KEYS.slice(0, 1)) })).rejects.toEqual(
      error('ERR_BAD_VALUE', /number of members is 1, expected an integer from 2 to 32/),
    );
    await expect(next.provers.add({ id: 2, members: points(testKeys(12, 200)) })).rejects.toEqual(
      error('ERR_MAP_FULL', /maxMembers/),
    );
    next.detach();
  });
});

describe('a gate for keys', () => {
  it('knows keys when it is taken over, and forgets those that are not named', async () => {
    const schnorr = (keys: readonly TestKey[]) =>
      ({
        kind: 'schnorr',
        keys: keys.map(({ publicKey }, i) => ({ id: i, key: publicKey })),
        maxKeys: 4,
        ...TABLES,
      }) as const;
    const prover = (keyId: number) => ({
      make: 'createSchnorrProver',
      options: { audience: AUDIENCE, keyId, key: KEYS[keyId]!.secretKey },
    });
    const first = await lab.attach(schnorr(KEYS.slice(0, 2)));
    expect(await lab.prove('ipv4', prover(0))).toBe('admitted');
    first.close();
    const next = await lab.attach(schnorr(KEYS.slice(0, 1)));
    expect(next.provers.list()).toMatchObject([{ id: 0, proofs: 1n }]);
    expect(await lab.prove('ipv4', prover(0))).toBe('admitted');
    expect(await lab.prove('ipv4', prover(1))).toBe('DROP_KEY_UNKNOWN');
    next.close();
    await expect(lab.attach({ kind: 'hash', keys: [] })).rejects.toEqual(
      error('ERR_BUSY', /for schnorr proofs: detach/),
    );
    await expect(lab.attach({ ...schnorr([]), tableWidth: 6 })).rejects.toEqual(
      error('ERR_INCOMPATIBLE', /width 4/),
    );
    (await lab.attach(schnorr([]))).detach();
  });

  it('takes a shorter lifetime: who comes after that is not counted by the longer one', async () => {
    const secret = new Uint8Array(32).fill(9);
    const filter = await lab.attach(
      { kind: 'hash', keys: [{ id: 1, secret }] },
      { lifetime: { min: 1, max: 3600 }, widePrefix: { ipv4: 24, ipv6: 48, sources: 2 } },
    );
    const prover = { make: 'createHashProver', options: { audience: AUDIENCE, keyId: 1, secret } };
    expect(await lab.prove('ipv4', prover)).toBe('admitted');
    filter.revoke(CLIENT.ipv4);
    expect(await lab.prove('ipv4', prover)).toBe('DROP_PREFIX_LIMITED');
    filter.update({ lifetime: { min: 1, max: 600 } });
    expect(await lab.prove('ipv4', prover)).toBe('admitted');
    expect(filter.admitted()).toHaveLength(1);
    filter.revoke(CLIENT.ipv4);
    expect(await lab.prove('ipv4', prover)).toBe('DROP_PREFIX_LIMITED');
    filter.detach();
  });
});
