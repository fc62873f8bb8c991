import { Reason } from '@cryptbpf/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frame } from '../../pow/test/support/packets.js';
import { Random } from '../../pow/test/support/random.js';
import { Reached } from '../../pow/test/support/reasons.js';
import { encodePresentation } from '../src/client/message.js';
import { Holder } from '../src/client.js';
import { goodChains } from './support/bad-chains.js';
import { certificatePem, forge, pemOf } from './support/forge.js';
import { AUDIENCE, ChainGate } from './support/gate.js';

/* Presentations that hold, but for some bytes of their certificates or signature: none may get in. */

const COUNT = Number(process.env.CRYPTBPF_FUZZ ?? 20_000);
/** Packets after which a challenge is replaced by a fresh one: it is good for a time. */
const FRESH = 100_000;
const SOURCE = '10.0.0.1';
const CERTIFICATES_AT = 14 + 20 + 8 + 116;
const SIGNATURE_BYTES = 64;
/** Each is said when all that is looked at before holds: the last two by signatures alone. */
const DEEPEST = [
  Reason.DROP_CERT_DER,
  Reason.DROP_CERT_EXTENSION,
  Reason.DROP_CERT_CRITICAL,
  Reason.DROP_CERT_UNTRUSTED,
  Reason.DROP_CERT_ISSUER,
  Reason.DROP_CERT_SIGNATURE,
  Reason.DROP_PROOF,
];

const root = forge('Root', { isCa: true });
let gate: ChainGate;

beforeAll(async () => {
  gate = await ChainGate.create([certificatePem(root)], { challengeLifetime: 1700 });
});
afterAll(() => gate[Symbol.dispose]());

async function frames(): Promise<Uint8Array[]> {
  const challenge = gate.validator.challengeFor(SOURCE);
  return Promise.all(
    goodChains(root).map(async ({ chain, holder }) => {
      const own = await Holder.create({ chain, key: pemOf(holder), audience: AUDIENCE });
      const { signature, certificates } = await own.present(challenge, SOURCE);
      const payload = encodePresentation(new Uint8Array(8), challenge, { certificates }, signature);
      const udp = { sourcePort: 1, destinationPort: 22308 };
      return frame({ ip: { source: SOURCE, destination: '10.0.0.2' }, udp, payload });
    }),
  );
}

test(`${COUNT} damaged presentations are refused`, { timeout: 14_400_000 }, async () => {
  const random = new Random(1);
  let bases = await frames();
  const before = counts();
  for (let i = 0; i < COUNT; i++) {
    if (i % FRESH === FRESH - 1) bases = await frames();
    gate.run(damage(random, random.pick(bases)));
  }
  const after = counts();
  const seen = after.map((count, reason) => count - before[reason]!);
  expect(seen[Reason.ANSWER_ADMITTED]).toBe(0);
  expect(seen[Reason.PASS_ADMITTED]).toBe(0);
  const challenges = seen[Reason.ANSWER_CHALLENGE]!;
  const lost = seen[Reason.EVENT_LOST]!;
  expect(seen.reduce((sum, count) => sum + count) - challenges - lost).toBe(COUNT);
  expect(seen[Reason.DROP_CHALLENGE_EXPIRED]).toBe(0);
  const reached = new Reached();
  for (const [reason, count] of seen.entries()) reached.add(reason as Reason, count);
  reached.tell('fuzz');
  expect(reached.missing(DEEPEST)).toEqual([]);
  expect(gate.validator.admitted()).toEqual([]);
});

function counts(): number[] {
  const stats = Object.entries(gate.validator.stats());
  const byReason = new Array<number>(256).fill(0);
  for (const [name, { packets }] of stats) byReason[Reason[name as keyof typeof Reason]] = Number(packets);
  return byReason;
}

/** At least one byte of the certificates, or of the signature, is another one. */
function damage(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (random.oneIn(16)) {
    copy[CERTIFICATES_AT - 1 - random.below(SIGNATURE_BYTES)]! ^= 1 + random.below(255);
    return copy;
  }
  const room = copy.length - CERTIFICATES_AT;
  copy[CERTIFICATES_AT + random.below(room)]! ^= 1 + random.below(255);
  for (let left = random.below(3); left > 0; left--) {
    const at = CERTIFICATES_AT + random.below(room);
    if (random.oneIn(2)) copy[at] = random.below(256);
    else copy.copyWithin(at, CERTIFICATES_AT + random.below(room), CERTIFICATES_AT + random.below(room));
  }
  return Buffer.compare(copy, bytes) === 0 ? damage(random, bytes) : copy;
}
