import { readFileSync } from 'node:fs';
import { Reason } from '@cryptbpf/core';
import { describe, expect, test } from 'vitest';
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
const PROOFS: [string, ProofOptions][] = [
  ['HMAC proof', { kind: 'hash', keys: [{ id: 258, secret: vector('secret') }] } satisfies HashProofs],
  [
    'SHA-256 proof',
    { kind: 'hash', keys: [{ id: 258, secret: vector('secret'), form: 'sha256' }] } satisfies HashProofs,
  ],
  [
    'Schnorr proof',
    { kind: 'schnorr', keys: [{ id: 258, key: point('public key') }] } satisfies SchnorrProofs,
  ],
  ['ring proof', { kind: 'ring', groups: [{ id: 7, epoch: 3, members }] } satisfies RingProofs],
  [
    'ring with image',
    { kind: 'ring', groups: [{ id: 8, epoch: 3, members, limit: 5 }] } satisfies RingProofs,
  ],
];

describe.each(PROOFS)('the vector %s', (name, proof) => {
  test('is admitted', async () => {
    using gate = await ZkpGate.create(proof, () => false, AUDIENCE);
    gate.reset(SETUP);
    expect(gate.verdict(SOURCE, vector('challenge'), vector(name))).toBe(Reason.ANSWER_ADMITTED);
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
