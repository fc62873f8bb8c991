import { Reason } from '@cryptbpf/core';
import type { Case } from './case.js';
import {
  challengeFor,
  control,
  DENIED4,
  fromPeer,
  type Given,
  LISTS,
  STRANGER4,
  STRANGER6,
  solution,
  wrongSolution,
} from './corpus.js';
import type { TestGate } from './gate.js';
import { proofMessage } from './messages.js';
import { frame, patch } from './packets.js';
import { KEY, NS_PER_S, OLD_KEY } from './setup.js';

/* Step 5: proofs. */

const HOUR = 3_600n * NS_PER_S;
const NEIGHBOUR4 = '198.51.100.200';
const WEB = { sourcePort: 1, destinationPort: 443 };

/** The offset of the challenge in a frame of IPv4 without a VLAN. */
const CHALLENGE = 14 + 20 + 8 + 16;

/** ageMs: since the challenge was issued. */
const given = (gate: TestGate, ageMs: number, more: Partial<Given> = {}): Given => ({
  issued: gate.wallMs() - BigInt(ageMs),
  salt: 0x1122334455667788n,
  ...more,
});

const solve =
  (ageMs: number, more: Partial<Given> = {}, source = STRANGER4) =>
  (gate: TestGate) =>
    solution(source, given(gate, ageMs, more));

const drops = (reason: Reason) => ({ reasons: [reason], action: 'drop' }) as const;
const tells = (reason: Reason) => ({ reasons: [reason], action: 'tx' }) as const;
const STALE = { clockAgeS: 1n, clockHorizonS: 0n };

/** A solution that stays the same from the set-up to the test. */
function twice(more: Partial<Given> = {}, source = STRANGER4) {
  const frames = new Map<TestGate, Uint8Array>();
  return {
    frame: (gate: TestGate) => frames.get(gate)!,
    before: (gate: TestGate) => {
      frames.set(gate, solution(source, given(gate, 1_000, more)));
      gate.run(frames.get(gate)!);
    },
  };
}

export const proofCases: readonly Case[] = [
  {
    name: 'drops a challenge of another version',
    frame: (gate) => patch(solve(1_000)(gate), { [CHALLENGE]: 2 }),
    ...drops(Reason.DROP_MESSAGE_FORMAT),
  },
  {
    name: 'drops a challenge with a reserved byte',
    frame: (gate) => patch(solve(1_000)(gate), { [CHALLENGE + 3]: 1 }),
    ...drops(Reason.DROP_MESSAGE_FORMAT),
  },
  { name: 'refuses another service', frame: solve(1_000, { service: 1 }), ...tells(Reason.DROP_SERVICE) },
  {
    name: 'refuses a difficulty below the least',
    frame: solve(1_000, { difficulty: 3 }),
    ...tells(Reason.DROP_DIFFICULTY),
  },
  {
    name: 'refuses a challenge of the future',
    frame: solve(-60_000),
    ...tells(Reason.DROP_CHALLENGE_FUTURE),
  },
  {
    name: 'refuses a challenge that is too old',
    frame: solve(1_801_000),
    ...tells(Reason.DROP_CHALLENGE_EXPIRED),
  },
  {
    name: 'refuses a challenge from before it began to remember',
    frame: solve(1_000),
    setup: { notBeforeMs: 1n << 60n },
    ...tells(Reason.DROP_CHALLENGE_BEFORE_START),
  },
  {
    name: 'drops a challenge from after its clock went stale',
    frame: solve(500),
    setup: STALE,
    ...drops(Reason.DROP_CLOCK_STALE),
  },
  { name: 'refuses an unknown key', frame: solve(1_000, { keyId: 99 }), ...tells(Reason.DROP_KEY_ID) },
  {
    name: 'refuses the previous key when there is none',
    frame: solve(1_000, { secret: OLD_KEY }),
    setup: { secrets: [KEY] },
    ...tells(Reason.DROP_KEY_ID),
  },
  {
    name: 'refuses key 0 when there is no previous key',
    frame: solve(1_000, { secret: { id: 0, master: new Uint8Array(32) } }),
    setup: { secrets: [KEY] },
    ...tells(Reason.DROP_KEY_ID),
  },
  {
    name: "refuses one secret's challenge under the number of the other",
    frame: solve(1_000, { secret: OLD_KEY, keyId: KEY.id }),
    ...tells(Reason.DROP_TAG),
  },
  ...[1, 15, 16, 23, 24, 31].map(
    (at): Case => ({
      name: `refuses a challenge whose byte ${at} was changed`,
      frame: (gate) => {
        const frame = solve(60_000)(gate);
        return patch(frame, { [CHALLENGE + at]: frame[CHALLENGE + at]! + 1 });
      },
      ...tells(Reason.DROP_TAG),
    }),
  ),
  {
    name: "refuses another source's challenge",
    frame: (gate) => {
      const challenge = challengeFor(NEIGHBOUR4, given(gate, 1_000));
      return control(STRANGER4, proofMessage(challenge, new Uint8Array(16)));
    },
    ...tells(Reason.DROP_TAG),
  },
  {
    name: 'refuses a challenge of another host in the same /64',
    frame: (gate) => {
      const challenge = challengeFor('2001:db8:7::8', given(gate, 1_000));
      return control(STRANGER6, proofMessage(challenge, new Uint8Array(16)));
    },
    ...tells(Reason.DROP_TAG),
  },
  { name: 'refuses a proof that was sent before', ...twice(), ...tells(Reason.DROP_SPENT), twinless: true },
  {
    name: 'refuses a proof that does not hold',
    frame: (gate) => wrongSolution(STRANGER4, given(gate, 1_000)),
    ...tells(Reason.DROP_PROOF),
  },
  ...[8, 15].map(
    (at): Case => ({
      name: `refuses a proof whose byte ${at} is not 0`,
      frame: (gate) => patch(solve(1_000)(gate), { [CHALLENGE + 32 + at]: 1 }),
      ...tells(Reason.DROP_PROOF),
    }),
  ),
  {
    name: 'refuses a difficulty that nothing can reach',
    frame: (gate) => {
      const challenge = challengeFor(STRANGER4, given(gate, 1_000, { difficulty: 65 }));
      return control(STRANGER4, proofMessage(challenge, new Uint8Array(16)));
    },
    ...tells(Reason.DROP_PROOF),
  },
  {
    name: 'refuses a new source when its prefix has had its share',
    frame: solve(1_000),
    setup: { wideRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(solve(1_000, {}, NEIGHBOUR4)(gate)),
    ...tells(Reason.DROP_PREFIX_LIMITED),
    twinless: true,
  },
  {
    name: 'renews an admitted source though its prefix has had its share',
    frame: solve(1_000, { salt: 5n }),
    setup: { wideRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(solve(1_000)(gate)),
    ...tells(Reason.ANSWER_ADMITTED),
  },
  {
    name: 'refuses when it cannot remember another challenge',
    frame: solve(1_000),
    setup: { spentCapacity: 1n },
    before: (gate) => void gate.run(solve(1_000, {}, NEIGHBOUR4)(gate)),
    ...tells(Reason.DROP_SPENT_FULL),
    twinless: true,
  },
  {
    name: 'refuses in silence above the rate of answers',
    frame: solve(1_000, { service: 1 }),
    setup: { answerRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(solve(1_000, { service: 1 })(gate)),
    ...drops(Reason.DROP_SERVICE),
    twinless: true,
  },
  {
    name: 'drops the proof of a denied source',
    frame: solve(1_000, {}, DENIED4),
    setup: { lists: LISTS },
    ...drops(Reason.DROP_DENIED),
  },
  {
    name: 'refuses by an answer in monitor mode too',
    frame: solve(1_000, { service: 1 }),
    setup: { monitor: true },
    ...tells(Reason.DROP_SERVICE),
  },

  { name: 'admits for a solution', frame: solve(1_000), ...tells(Reason.ANSWER_ADMITTED) },
  { name: 'admits an IPv6 source', frame: solve(1_000, {}, STRANGER6), ...tells(Reason.ANSWER_ADMITTED) },
  {
    name: 'admits under the previous key',
    frame: solve(1_000, { secret: OLD_KEY }),
    ...tells(Reason.ANSWER_ADMITTED),
  },
  {
    name: 'admits for more work than it asks',
    frame: solve(1_000, { difficulty: 8 }),
    ...tells(Reason.ANSWER_ADMITTED),
  },
  {
    name: 'admits for no work when it asks none',
    frame: solve(1_000, { difficulty: 0 }),
    setup: { difficulty: 0 },
    ...tells(Reason.ANSWER_ADMITTED),
  },
  { name: 'admits within the skew of clocks', frame: solve(-1_000), ...tells(Reason.ANSWER_ADMITTED) },
  { name: 'admits at the end of a challenge', frame: solve(1_795_000), ...tells(Reason.ANSWER_ADMITTED) },
  {
    name: 'admits for a challenge from before its clock went stale',
    frame: solve(30_000),
    setup: STALE,
    ...tells(Reason.ANSWER_ADMITTED),
  },
  {
    name: 'admits above the rate of answers, which are for those who prove nothing',
    frame: solve(1_000, { salt: 5n }),
    setup: { answerRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(solve(1_000, { service: 1 })(gate)),
    ...tells(Reason.ANSWER_ADMITTED),
  },
  {
    name: 'passes who has proved',
    frame: frame({ ip: fromPeer(STRANGER6), udp: WEB }),
    before: (gate) => void gate.run(solve(1_000, {}, STRANGER6)(gate)),
    reasons: [Reason.PASS_ADMITTED],
    action: 'pass',
    twinless: true,
  },
];
