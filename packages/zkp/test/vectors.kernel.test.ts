import { readFileSync } from 'node:fs';
import { Reason } from '@cryptbpf/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { concat } from '../../pow/test/support/packets.js';
import { createHashProver, createRingProver, type Group } from '../src/client.js';
import type { HashProofs, ProofOptions, RingProofs, SchnorrProofs } from '../src/options.js';
import { ZkpGate } from './support/gate.js';

/* The vectors of docs/protocols.md, read from there, and judged by the programs. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification.split('## Proofs of knowledge')[1]!.split('### Vectors')[1]!;

function vector(name: string): Uint8Array {
  const line = section.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  return Uint8Array.from(Buffer.from(/= ([0-9a-f]+)/.exec(line!)![1]!, 'hex'));
}

const SOURCE = '192.0.2.1';
const AUDIENCE = 'vectors.example';
const SETUP = {
  secrets: [{ id: 1, master: Uint8Array.from({ length: 32 }, (_, i) => i) }],
  service: 7,
  wallMs: 1_800_000_000_000n,
  challengeMs: 30_000n,
};

const point = (name: string) => concat(Uint8Array.of(4), vector(name));
const members = ['public key', 'member 1', 'member 2'].map(point);
const secret = vector('secret');

interface Vectors {
  proof: ProofOptions;
  /** Names of those that are admitted. */
  proofs: readonly string[];
  /** What is wrong with the first of them, by the bytes that are put into it; each has a reason of its own. */
  wrong: readonly [title: string, at: number, bytes: Uint8Array, reason: Reason][];
}

const ZERO = new Uint8Array(32);
const ONES = new Uint8Array(32).fill(255);
const OTHER_NUMBER = Uint8Array.of(0xff, 0xff);
const OTHER_EPOCH = Uint8Array.of(0, 0, 0, 4);

const KINDS: Record<string, Vectors> = {
  'a secret': {
    proof: {
      kind: 'hash',
      keys: [{ id: 258, secret }],
    } satisfies HashProofs,
    proofs: ['HMAC proof'],
    wrong: [
      ['a secret that is not there', 0, OTHER_NUMBER, Reason.DROP_KEY_UNKNOWN],
      ['another hash', 4, ZERO, Reason.DROP_PROOF],
    ],
  },
  'a secret in the plain form': {
    proof: { kind: 'hash', keys: [{ id: 258, secret, form: 'sha256' }] } satisfies HashProofs,
    proofs: ['SHA-256 proof'],
    wrong: [['another hash', 4, ZERO, Reason.DROP_PROOF]],
  },
  'a private key': {
    proof: { kind: 'schnorr', keys: [{ id: 258, key: point('public key') }] } satisfies SchnorrProofs,
    proofs: ['Schnorr proof'],
    wrong: [
      ['a key that is not there', 0, OTHER_NUMBER, Reason.DROP_KEY_UNKNOWN],
      ['a commitment that is no point', 4, ZERO, Reason.DROP_POINT],
      ['a response of 0', 68, ZERO, Reason.DROP_SCALAR],
      ['a response above the order', 68, ONES, Reason.DROP_SCALAR],
      ['another response', 99, Uint8Array.of(0), Reason.DROP_PROOF],
    ],
  },
  membership: {
    proof: {
      kind: 'ring',
      ...{ maxGroups: 2, maxMembers: 3 },
      groups: [
        { id: 7, epoch: 3, members },
        { id: 8, epoch: 3, members, limit: 5 },
      ],
    } satisfies RingProofs,
    proofs: ['ring proof', 'ring with image'],
    wrong: [
      ['a group that is not there', 0, OTHER_NUMBER, Reason.DROP_GROUP],
      ['another epoch', 4, OTHER_EPOCH, Reason.DROP_GROUP_EPOCH],
      ['an image where none is counted', 8, ONES, Reason.DROP_MESSAGE_FORMAT],
      ['a response of 0', 104, ZERO, Reason.DROP_SCALAR],
      ['a response above the order', 168, ONES, Reason.DROP_SCALAR],
      ['another link', 72, ZERO, Reason.DROP_PROOF],
    ],
  },
};

describe.each(Object.entries(KINDS))('of %s', (_, { proof, proofs, wrong }) => {
  let gate: ZkpGate<ProofOptions>;
  beforeAll(async () => {
    gate = await ZkpGate.create(proof, () => false, AUDIENCE);
  });
  afterAll(() => gate[Symbol.dispose]());
  beforeEach(() => {
    gate.reset(SETUP);
  });

  test.each(proofs)('the vector %s is admitted, once, and only whom it is for', (name) => {
    const [challenge, given] = [vector('challenge'), vector(name)];
    expect(gate.verdict('192.0.2.2', challenge, given)).toBe(Reason.DROP_TAG);
    expect(gate.verdict(SOURCE, challenge, given)).toBe(Reason.ANSWER_ADMITTED);
    expect(gate.verdict(SOURCE, challenge, given)).toBe(Reason.DROP_SPENT);
  });

  test.each(wrong)('with %s it is refused', (_, at, bytes, reason) => {
    const given = vector(proofs[0]!);
    given.set(bytes, at);
    expect(gate.verdict(SOURCE, vector('challenge'), given)).toBe(reason);
  });
});

test('what hangs on no random numbers is what the client computes', () => {
  const hash = { audience: AUDIENCE, keyId: 258, secret: vector('secret') };
  expect(createHashProver(hash).prove(vector('challenge'), SOURCE)).toEqual(vector('HMAC proof'));
  const plain = createHashProver({ ...hash, form: 'sha256' });
  expect(plain.prove(vector('challenge'), SOURCE)).toEqual(vector('SHA-256 proof'));
  const group: Group = { id: 8, epoch: 3, members, limit: 5 };
  const prover = createRingProver({ audience: AUDIENCE, group, key: new Uint8Array(32).fill(2) });
  expect(prover.prove(vector('challenge'), SOURCE).subarray(0, 72)).toEqual(
    vector('ring with image').subarray(0, 72),
  );
  expect(vector('ring with image').subarray(8, 72)).toEqual(vector('image'));
});
