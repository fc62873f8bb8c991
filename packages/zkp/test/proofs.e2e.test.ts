import { Reason } from '@cryptbpf/core';
import { reasonName } from '@cryptbpf/core/gate-client';
import { p256 } from '@noble/curves/nist.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { concat } from '../../pow/test/support/packets.js';
import { OLD_KEY } from '../../pow/test/support/setup.js';
import { judge } from '../../pow/test/twin/gate.js';
import { hex, type TwinState } from '../../pow/test/twin/state.js';
import {
  createHashProver,
  createRingProver,
  createSchnorrProver,
  type Group,
  type Prover,
} from '../src/client.js';
import type { HashProofs, RingProofs, SchnorrProofs } from '../src/options.js';
import { AUDIENCE, PEERS, ZkpGate } from './support/gate.js';
import { type TestKey, testKey, testKeys } from './support/keys.js';
import { type Check, hashTwin, ringTwin, schnorrTwin } from './twin/proofs.js';

/* Each attack on a proof has a reason of its own, at the program and at its twin. */

const [own, other] = testKeys(2) as [TestKey, TestKey];
const MEMBERS = testKeys(3, 10);
const KEYS = MEMBERS.map(({ publicKey }) => publicKey);
const HMAC = Uint8Array.from({ length: 48 }, (_, i) => 3 * i);
const PLAIN = Uint8Array.from({ length: 32 }, (_, i) => 5 * i);
const ZERO = new Uint8Array(32);
const { p: P, n: N } = p256.Point.CURVE();

const bytesOf = (number: bigint) =>
  Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex'));
const put = (proof: Uint8Array, at: number, bytes: Uint8Array) =>
  concat(proof.subarray(0, at), bytes, proof.subarray(at + bytes.length));

/** Not on the curve; infinity as zeros; and coordinates that are a point's, but for p. */
const NO_POINTS: [string, (point: Uint8Array) => Uint8Array][] = [
  ['off the curve', (point) => put(point, 32, bytesOf((BigInt(`0x${hex(point.subarray(32))}`) + 1n) % P))],
  ['at infinity', () => new Uint8Array(64)],
  ['with x = p', (point) => put(point, 0, bytesOf(P))],
  ['with y above p', (point) => put(point, 32, bytesOf(2n ** 256n - 1n))],
];
const NO_SCALARS: [string, Uint8Array][] = [
  ['0', ZERO],
  ['n', bytesOf(N)],
  ['n + 1', bytesOf(N + 1n)],
  ['2^256 - 1', bytesOf(2n ** 256n - 1n)],
];

interface Tested {
  gate: ZkpGate<HashProofs | SchnorrProofs | RingProofs>;
  twin: TwinState;
  prover: Prover;
}

/** What the program says of it, and that the twin says the same; IPv4 and IPv6 alike. */
function verdict(
  { gate, twin, prover }: Tested,
  edit: (proof: Uint8Array) => Uint8Array = (proof) => proof,
  given = {},
) {
  const verdicts = Object.values(PEERS).map((source) => {
    const challenge = gate.challenge(source, given);
    const frame = gate.frame(source, challenge, edit(prover.prove(challenge, source)));
    const { reasons, data, action } = gate.gate.judge(frame);
    const outcome = judge(twin, frame, data);
    expect([reasons, action]).toEqual([[outcome.reason], outcome.action]);
    if (outcome.reply) expect(hex(data)).toBe(hex(outcome.reply));
    return outcome.reason;
  });
  expect(new Set(verdicts).size).toBe(1);
  return reasonName(verdicts[0]!);
}

const SECRETS = new Map([
  [1, { secret: HMAC, form: 'hmac' as const }],
  [2, { secret: PLAIN, form: 'sha256' as const }],
]);
const GROUPS = new Map([
  [3, [{ epoch: 5, members: KEYS, limit: 0 }]],
  [4, [{ epoch: 1, members: KEYS, limit: 2 }]],
]);
const group = (id: number): Group => ({ id, ...GROUPS.get(id)![0]! });
const schnorr = ({ secretKey }: TestKey, keyId: number, audience = AUDIENCE) =>
  createSchnorrProver({ audience, keyId, key: secretKey });
const ring = (group: Group, { secretKey }: TestKey, audience = AUDIENCE) =>
  createRingProver({ audience, group, key: secretKey });

interface KindOfProof {
  proof: HashProofs | SchnorrProofs | RingProofs;
  check: () => Check;
  prover: Prover;
  elsewhere: Prover;
}

const KINDS: Record<string, KindOfProof> = {
  HMAC: {
    proof: { kind: 'hash', keys: [...SECRETS].map(([id, key]) => ({ id, ...key })) },
    check: () => hashTwin(AUDIENCE, SECRETS),
    prover: createHashProver({ audience: AUDIENCE, keyId: 1, secret: HMAC }),
    elsewhere: createHashProver({ audience: 'other.example', keyId: 1, secret: HMAC }),
  },
  Schnorr: {
    proof: { kind: 'schnorr', keys: [{ id: 258, key: own.publicKey }] },
    check: () => schnorrTwin(AUDIENCE, new Map([[258, own.publicKey]])),
    prover: schnorr(own, 258),
    elsewhere: schnorr(own, 258, 'other.example'),
  },
  ring: {
    proof: { kind: 'ring', groups: [3, 4].map((id) => ({ ...group(id), members: KEYS })) },
    check: () => ringTwin(AUDIENCE, GROUPS),
    prover: ring(group(3), MEMBERS[1]!),
    elsewhere: ring(group(3), MEMBERS[1]!, 'other.example'),
  },
};

describe.each(Object.entries(KINDS))('a %s proof', (_name, { proof, check, prover, elsewhere }) => {
  let gate: Tested['gate'];
  let twin: TwinState;
  beforeAll(async () => {
    gate = (await ZkpGate.create(proof, check())) as Tested['gate'];
  });
  afterAll(() => gate[Symbol.dispose]());
  beforeEach(() => {
    twin = gate.reset();
  });

  const verdictOf = (by: Prover, edit?: (proof: Uint8Array) => Uint8Array, given = {}) =>
    verdict({ gate, twin, prover: by }, edit, given);

  test('admits', () => expect(verdictOf(prover)).toBe('ANSWER_ADMITTED'));

  test('admits once, at one address', () => {
    const [here, there] = [PEERS.ipv4, '198.51.100.200'];
    const challenge = gate.challenge(here);
    const given = prover.prove(challenge, here);
    expect(gate.verdict(there, challenge, given)).toBe(Reason.DROP_TAG);
    expect(gate.verdict(here, challenge, given)).toBe(Reason.ANSWER_ADMITTED);
    expect(gate.verdict(here, challenge, given)).toBe(Reason.DROP_SPENT);
    expect(gate.verdict(there, challenge, given)).toBe(Reason.DROP_TAG);
  });

  test('for another address than its challenge does not hold', () => {
    const challenge = gate.challenge(PEERS.ipv4);
    expect(gate.verdict(PEERS.ipv4, challenge, prover.prove(challenge, '198.51.100.200'))).toBe(
      Reason.DROP_PROOF,
    );
  });

  test('for another challenge does not hold', () => {
    const [first, second] = [gate.challenge(PEERS.ipv4), gate.challenge(PEERS.ipv4)];
    expect(gate.verdict(PEERS.ipv4, first, prover.prove(second, PEERS.ipv4))).toBe(Reason.DROP_PROOF);
  });

  test('for another service has a reason: by its audience, and by its number', () => {
    expect(verdictOf(elsewhere)).toBe('DROP_PROOF');
    expect(verdictOf(prover, undefined, { service: 1 })).toBe('DROP_SERVICE');
  });

  test('of an expired challenge, one of the future, or under an unknown secret is refused', () => {
    const now = gate.gate.wallMs();
    expect(verdictOf(prover, undefined, { issued: now - 2_000_000n })).toBe('DROP_CHALLENGE_EXPIRED');
    expect(verdictOf(prover, undefined, { issued: now + 60_000n })).toBe('DROP_CHALLENGE_FUTURE');
    expect(verdictOf(prover, undefined, { secret: { ...OLD_KEY, id: 99 } })).toBe('DROP_KEY_ID');
    expect(verdictOf(prover, undefined, { secret: { ...OLD_KEY, id: 7 } })).toBe('DROP_TAG');
  });

  test('with a set reserved field is malformed', () =>
    expect(verdictOf(prover, (given) => put(given, 3, Uint8Array.of(1)))).toBe('DROP_MESSAGE_FORMAT'));

  test('of another length is dropped in silence', () => {
    expect(verdictOf(prover, (given) => given.subarray(0, -4))).toBe('DROP_MESSAGE_LENGTH');
    expect(verdictOf(prover, (given) => concat(given, new Uint8Array(32)))).toBe('DROP_MESSAGE_LENGTH');
  });

  test('does not hold with any of its bits changed', () => {
    const { length } = prover.prove(gate.challenge(PEERS.ipv4), PEERS.ipv4);
    const step = 7;
    for (let bit = 0; bit < length * 8; bit += step) {
      const flip = (given: Uint8Array) =>
        put(given, bit >> 3, Uint8Array.of(given[bit >> 3]! ^ (1 << (bit & 7))));
      expect(verdictOf(prover, flip)).toMatch(/^DROP_/);
    }
  });
});

describe('proofs by secrets', () => {
  let tested: Tested;
  beforeAll(async () => {
    const { proof, check, prover } = KINDS.HMAC!;
    const gate = (await ZkpGate.create(proof, check())) as Tested['gate'];
    tested = { gate, twin: gate.reset(), prover };
  });
  afterAll(() => tested.gate[Symbol.dispose]());

  test('are those of the secret of that number, in its form', () => {
    const by = (keyId: number, secret: Uint8Array, form: 'hmac' | 'sha256') =>
      verdict({ ...tested, prover: createHashProver({ audience: AUDIENCE, keyId, secret, form }) });
    expect(by(2, PLAIN, 'sha256')).toBe('ANSWER_ADMITTED');
    expect(by(2, PLAIN, 'hmac')).toBe('DROP_PROOF');
    expect(by(1, PLAIN, 'hmac')).toBe('DROP_PROOF');
    expect(by(9, HMAC, 'hmac')).toBe('DROP_KEY_UNKNOWN');
  });
});

describe('Schnorr proofs', () => {
  let tested: Tested;
  beforeAll(async () => {
    const { proof, check, prover } = KINDS.Schnorr!;
    const gate = (await ZkpGate.create(proof, check())) as Tested['gate'];
    tested = { gate, twin: gate.reset(), prover };
  });
  afterAll(() => tested.gate[Symbol.dispose]());

  test('are those of the key of that number', () => {
    expect(verdict({ ...tested, prover: schnorr(other, 258) })).toBe('DROP_PROOF');
    expect(verdict({ ...tested, prover: schnorr(own, 259) })).toBe('DROP_KEY_UNKNOWN');
  });

  test.each(NO_POINTS)('have no commitment %s', (_, edit) =>
    expect(verdict(tested, (proof) => put(proof, 4, edit(proof.subarray(4, 68))))).toBe('DROP_POINT'),
  );

  test.each(NO_SCALARS)('have no response %s', (_, scalar) =>
    expect(verdict(tested, (proof) => put(proof, 68, scalar))).toBe('DROP_SCALAR'),
  );
});

describe('ring proofs', () => {
  let tested: Tested;
  beforeAll(async () => {
    const { proof, prover } = KINDS.ring!;
    const gate = (await ZkpGate.create(proof, () => false)) as Tested['gate'];
    tested = { gate, twin: gate.reset(), prover };
  });
  afterAll(() => tested.gate[Symbol.dispose]());
  /* Admissions that were counted stay: the twin knows them too. */
  const check = ringTwin(AUDIENCE, GROUPS);
  beforeEach(() => {
    const twin = tested.gate.reset();
    twin.holds = check;
    tested = { ...tested, twin };
  });

  test('are those of each member', () => {
    for (const member of MEMBERS)
      expect(verdict({ ...tested, prover: ring(group(3), member) })).toBe('ANSWER_ADMITTED');
  });

  test('are not those of who puts himself into the group, or takes members in another order', () => {
    const joined = { ...group(3), members: [...KEYS.slice(1), own.publicKey] };
    expect(verdict({ ...tested, prover: ring(joined, own) })).toBe('DROP_PROOF');
    const turned = { ...group(3), members: KEYS.toReversed() };
    expect(verdict({ ...tested, prover: ring(turned, MEMBERS[0]!) })).toBe('DROP_PROOF');
  });

  test('are of a group that is there, in an epoch that counts', () => {
    expect(verdict({ ...tested, prover: ring({ ...group(3), id: 9 }, MEMBERS[0]!) })).toBe('DROP_GROUP');
    expect(verdict({ ...tested, prover: ring({ ...group(3), epoch: 4 }, MEMBERS[0]!) })).toBe(
      'DROP_GROUP_EPOCH',
    );
    expect(verdict({ ...tested, prover: ring({ ...group(3), epoch: 6 }, MEMBERS[0]!) })).toBe(
      'DROP_GROUP_EPOCH',
    );
  });

  test.each(NO_SCALARS)('have no response %s, whoever it is of', (_, scalar) => {
    for (let i = 0; i < MEMBERS.length; i++)
      expect(verdict(tested, (proof) => put(proof, 104 + 32 * i, scalar))).toBe('DROP_SCALAR');
  });

  test('have no image where none is counted', () =>
    expect(verdict(tested, (proof) => put(proof, 8, own.publicKey.subarray(1)))).toBe('DROP_MESSAGE_FORMAT'));

  describe('of a group that counts admissions', () => {
    const [first, second] = [ring(group(4), MEMBERS[0]!), ring(group(4), MEMBERS[1]!)];

    test.each(NO_POINTS)('have no image %s', (_, edit) =>
      expect(
        verdict({ ...tested, prover: first }, (proof) => put(proof, 8, edit(proof.subarray(8, 72)))),
      ).toBe('DROP_POINT'),
    );

    test('have no image but the own one', () => {
      const image = second.prove(tested.gate.challenge(PEERS.ipv4), PEERS.ipv4).subarray(8, 72);
      const negated = (point: Uint8Array) =>
        put(point, 32, bytesOf(P - BigInt(`0x${hex(point.subarray(32))}`)));
      expect(verdict({ ...tested, prover: first }, (proof) => put(proof, 8, image))).toBe('DROP_PROOF');
      expect(
        verdict({ ...tested, prover: first }, (proof) => put(proof, 8, negated(proof.subarray(8, 72)))),
      ).toBe('DROP_PROOF');
    });

    test('admit a member twice here, and no more, whatever was refused before', () => {
      expect(verdict({ ...tested, prover: first })).toBe('ANSWER_ADMITTED'); // once over IPv4, once over IPv6
      expect(verdict({ ...tested, prover: first })).toBe('DROP_IMAGE_LIMIT');
      expect(verdict({ ...tested, prover: second })).toBe('ANSWER_ADMITTED');
    });
  });
});

test('keys of no use are refused by their names', () => {
  const key = testKey(1).secretKey;
  expect(() => createRingProver({ audience: AUDIENCE, group: group(3), key })).toThrow(/none of the members/);
  expect(() => createSchnorrProver({ audience: AUDIENCE, keyId: 1, key: ZERO })).toThrow(
    /0 or not below the order/,
  );
  expect(() => createHashProver({ audience: AUDIENCE, keyId: 1, secret: ZERO.slice(17) })).toThrow(
    /15 bytes, expected 16 to 64/,
  );
});
