import { describe, expect, test } from 'vitest';
import { messagesOf, type ProofKind } from '../src/client.js';
import { ZkpFilter } from '../src/index.js';
import { hashKind, ringKind, schnorrKind } from '../src/kinds.js';
import { BUDGETS, type ProofOptions, takeBudgets, takeOptions, type ZkpOptions } from '../src/options.js';

const OPTIONS: ZkpOptions = {
  interface: 'eth0',
  ports: [22],
  audience: 'ssh.example',
  proof: { kind: 'hash', keys: [] },
};
const bad = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_BAD_OPTION', message: expect.stringMatching(message) });

test('what is not given has a default, and what is not of the gate does not reach it', () => {
  const { budgets, gate } = takeOptions(OPTIONS);
  expect(budgets).toEqual(BUDGETS);
  expect(gate).toEqual({
    interface: 'eth0',
    ports: [22],
    controlPort: 22307,
    difficulty: { min: 0, max: 0 },
  });
});

test.each<[object, RegExp]>([
  [{ audience: '' }, /audience is/],
  [{ audience: undefined }, /audience is undefined, expected the name of the service/],
  [{ sourceBudget: { perSecond: 0, burst: 1 } }, /sourceBudget.perSecond is 0/],
  [{ sourceBudget: null }, /sourceBudget.perSecond is undefined/],
  [{ curveBudget: { perSecond: 1, burst: 0 } }, /curveBudget.burst is 0/],
  [{ curveBudget: { perSecond: 1, burst: 1.5 } }, /curveBudget.burst is 1.5/],
])('%o is refused by name', (changes, message) => {
  expect(() => takeOptions({ ...OPTIONS, ...changes } as ZkpOptions)).toThrow(bad(message));
});

describe('before anything is attached', () => {
  test.each<[object | undefined, RegExp]>([
    [undefined, /proof.kind is undefined, expected hash, schnorr, ring/],
    [{ kind: 'password', keys: [] }, /proof.kind is password/],
    [{ kind: 'hash', keys: [], maxKeys: 0 }, /proof.maxKeys is 0, expected an integer from 1 to 65536/],
    [{ kind: 'schnorr', keys: [], maxKeys: 65_537 }, /proof.maxKeys is 65537/],
    [{ kind: 'ring', groups: [], maxGroups: 1025 }, /proof.maxGroups is 1025/],
    [{ kind: 'ring', groups: [], maxMembers: 1.5 }, /proof.maxMembers is 1.5/],
  ])('a proof of %o is refused by name', async (proof, message) => {
    const options = { ...OPTIONS, proof } as ZkpOptions<ProofOptions>;
    await expect(ZkpFilter.attach(options)).rejects.toEqual(bad(message));
  });

  test.each([0, 1, 17, 2.5])('tables of width %s are refused', (tableWidth) => {
    const named = /width of a table is/;
    expect(() => schnorrKind({ kind: 'schnorr', keys: [], tableWidth }, 'a')).toThrow(named);
    expect(() => ringKind({ kind: 'ring', groups: [], tableWidth }, 'a')).toThrow(named);
  });
});

test('each kind is a program of its own', () => {
  const kinds = [
    hashKind({ kind: 'hash', keys: [] }, 'a'),
    schnorrKind({ kind: 'schnorr', keys: [] }, 'a'),
    ringKind({ kind: 'ring', groups: [] }, 'a'),
  ];
  expect(kinds.map(({ feature }) => feature.program)).toEqual([
    'zkp_hash_gate',
    'zkp_schnorr_gate',
    'zkp_ring_gate',
  ]);
  expect(() => messagesOf('password' as ProofKind)).toThrow('kind is password, expected hash, schnorr, ring');
});

test('an update keeps what it does not name, and hands the rest on', () => {
  const before = { ...BUDGETS, curveBudget: { perSecond: 7, burst: 7 } };
  const sourceBudget = { perSecond: 1, burst: 2 };
  const { budgets, gate } = takeBudgets(
    { sourceBudget, curveBudget: undefined, monitor: true, allow: undefined },
    before,
  );
  expect(budgets).toEqual({ sourceBudget, curveBudget: { perSecond: 7, burst: 7 } });
  expect(gate).toEqual({ monitor: true });
});
