import { Reason } from '@cryptbpf/core';
import { reasonName } from '@cryptbpf/core/gate-client';
import { p256 } from '@noble/curves/nist.js';
import { expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { Reached } from '../../pow/test/support/reasons.js';
import { judge } from '../../pow/test/twin/gate.js';
import { hex } from '../../pow/test/twin/state.js';
import {
  createHashProver,
  createRingProver,
  createSchnorrProver,
  type Group,
  type Prover,
} from '../src/client.js';
import type { HashProofs, ProofOptions, RingProofs, SchnorrProofs } from '../src/options.js';
import { AUDIENCE, PEERS, ZkpGate } from './support/gate.js';
import { testKey, testKeys } from './support/keys.js';
import { type Check, hashTwin, ringTwin, schnorrTwin } from './twin/proofs.js';

/* Proofs that hold, changed here and there: none is accepted, and program and twin agree about each. */

const PROOFS = Number(process.env.CRYPTBPF_FUZZ ?? 20_000);
/** Of all proofs; the twin takes a millisecond for one on the curve, and five for a ring. */
const SHARES = { hash: 0.9, schnorr: 0.08, ring: 0.02 };
/** Where the challenge begins in a message's frame: Ethernet, IP, UDP, header. */
const CHALLENGE_AT = { ipv4: 14 + 20 + 8 + 16, ipv6: 14 + 40 + 8 + 16 };
const CHALLENGE_BYTES = 32;
/** Challenges that proofs are made for; then they are changed in many ways. */
const BASES = 64;

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const KEY = testKey(5);
const MEMBERS = testKeys(3, 20);
const KEYS = MEMBERS.map(({ publicKey }) => publicKey);
const PLAIN: Group = { id: 1, epoch: 1, members: KEYS };
const COUNTED: Group = { id: 2, epoch: 9, members: KEYS.slice(0, 2), limit: 1_000_000 };
const ring = (group: Group, i: number) =>
  createRingProver({ audience: AUDIENCE, group, key: MEMBERS[i]!.secretKey });

/** The last that is said of a message: all before it held. */
const DEEPEST = [Reason.DROP_TAG, Reason.DROP_PROOF];

const { n: N, p: P } = p256.Point.CURVE();
const bytesOf = (number: bigint) =>
  Uint8Array.from(Buffer.from(number.toString(16).padStart(64, '0'), 'hex'));
const TELLING = [0n, 1n, N - 1n, N, N + 1n, P, 2n ** 256n - 1n].map(bytesOf);

/** Changes a frame's challenge or proof; mostly the proof. */
function mutate(random: Random, frame: Uint8Array, start: number, others: readonly Uint8Array[]): Uint8Array {
  const bytes = frame.slice();
  const at = random.oneIn(6) ? start : start + CHALLENGE_BYTES;
  for (let changes = random.below(2); changes >= 0; changes--) {
    const where = at + random.below(bytes.length - at);
    const word = at + 4 * random.below((bytes.length - at) >> 2);
    const kind = random.below(5);
    if (kind === 0) bytes[where]! ^= 1 << random.below(8);
    else if (kind === 1) bytes[where] = random.uint32();
    else if (kind === 2) bytes.set(random.pick(TELLING).subarray(0, bytes.length - word), word);
    else if (kind === 3)
      bytes.copyWithin(word, at + 4 * random.below((bytes.length - at) >> 2), bytes.length);
    else bytes.set(random.pick(others).subarray(word, Math.min(word + 32, bytes.length)), word);
  }
  return bytes;
}

interface Fuzzed {
  proof: ProofOptions;
  check: Check;
  provers: readonly Prover[];
}

const KINDS: Record<keyof typeof SHARES, Fuzzed> = {
  hash: {
    proof: {
      kind: 'hash',
      keys: [
        { id: 1, secret: SECRET },
        { id: 2, secret: SECRET, form: 'sha256' },
      ],
    } satisfies HashProofs,
    check: hashTwin(
      AUDIENCE,
      new Map([
        [1, { secret: SECRET, form: 'hmac' }],
        [2, { secret: SECRET, form: 'sha256' }],
      ]),
    ),
    provers: [
      createHashProver({ audience: AUDIENCE, keyId: 1, secret: SECRET }),
      createHashProver({ audience: AUDIENCE, keyId: 2, secret: SECRET, form: 'sha256' }),
    ],
  },
  schnorr: {
    proof: { kind: 'schnorr', keys: [{ id: 1, key: KEY.publicKey }] } satisfies SchnorrProofs,
    check: schnorrTwin(AUDIENCE, new Map([[1, KEY.publicKey]])),
    provers: [createSchnorrProver({ audience: AUDIENCE, keyId: 1, key: KEY.secretKey })],
  },
  ring: {
    proof: {
      kind: 'ring',
      groups: [
        { id: 1, members: KEYS },
        { ...COUNTED, members: KEYS.slice(0, 2) },
      ],
    } satisfies RingProofs,
    check: ringTwin(
      AUDIENCE,
      new Map([
        [1, [{ epoch: 1, members: KEYS, limit: 0 }]],
        [2, [{ epoch: 9, members: KEYS.slice(0, 2), limit: 1_000_000 }]],
      ]),
    ),
    provers: [ring(PLAIN, 0), ring(PLAIN, 1), ring(PLAIN, 2), ring(COUNTED, 1)],
  },
};

test.each(Object.keys(SHARES) as (keyof typeof SHARES)[])('%s', { timeout: 3_600_000 }, async (kind) => {
  const { proof, check, provers } = KINDS[kind];
  const count = Math.ceil(PROOFS * SHARES[kind]);
  using gate = await ZkpGate.create(proof, check);
  const random = new Random(31);
  const twin = gate.reset();
  const bases = Array.from({ length: Math.min(BASES, count) }, (_, i) => {
    const family = i % 2 === 0 ? 'ipv4' : ('ipv6' as const);
    const challenge = gate.challenge(PEERS[family]);
    const given = provers[(i >> 1) % provers.length]!.prove(challenge, PEERS[family]);
    return { family, frame: gate.frame(PEERS[family], challenge, given) } as const;
  });
  const frames = bases.map(({ frame }) => frame);
  /** What is put together of others can be one of them. */
  const proofOf = (family: keyof typeof PEERS, frame: Uint8Array) =>
    `${family} ${hex(frame.subarray(CHALLENGE_AT[family]))}`;
  const right = new Set(bases.map(({ family, frame }) => proofOf(family, frame)));
  const seen = new Reached();
  const counted = gate.gate.counts();
  for (let i = 0; i < count; i++) {
    const { family, frame } = random.pick(bases);
    const changed = mutate(random, frame, CHALLENGE_AT[family], frames);
    if (right.has(proofOf(family, changed))) continue;
    const { action } = gate.gate.run(changed);
    const outcome = judge(twin, changed);
    const isSame =
      gate.gate.packets(outcome.reason) === ++counted[outcome.reason]! && action === outcome.action;
    if (!isSame || outcome.reason === Reason.ANSWER_ADMITTED) {
      expect.fail(
        `${hex(changed)}: the gate did ${action}, its twin ${outcome.action} ${reasonName(outcome.reason)}`,
      );
    }
    seen.add(outcome.reason);
  }
  /* What was changed held before. */
  for (const { frame } of bases) {
    expect(judge(twin, frame).reason).toBe(Reason.ANSWER_ADMITTED);
    expect(gate.gate.verdict(frame)).toBe(Reason.ANSWER_ADMITTED);
  }
  seen.tell(kind);
  expect(seen.missing(DEEPEST)).toEqual([]);
});
