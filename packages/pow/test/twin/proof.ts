import { Reason } from '@cryptbpf/core';
import { challengeTag } from './challenge.js';
import { hex, type TwinState } from './state.js';

export interface Proof {
  challenge: Uint8Array;
  proof: Uint8Array;
  source: Uint8Array;
  /** Of the source, in the state. */
  key: string;
}

const NS_PER_S = 1_000_000_000n;

/** The verdict about a proof and the lifetime that it tells, in seconds; a proof that holds is entered in the state. */
export function judgeProof(state: TwinState, given: Proof): { reason: Reason; lifetime: number } {
  const now = state.nowNs();
  const reason = checkChallenge(state, given, now) || checkSingleUse(state, given);
  const until = state.admitted.get(given.key) ?? 0n;
  if (reason === Reason.DROP_SPENT && until > now) {
    return { reason, lifetime: Number((until - now) / NS_PER_S) };
  }
  if (reason) return { reason, lifetime: 0 };
  state.spent.add(spentKey(given));
  if (until < now + state.lifetimeNs) state.admitted.set(given.key, now + state.lifetimeNs);
  return { reason: Reason.ANSWER_ADMITTED, lifetime: Number(state.lifetimeNs / NS_PER_S) };
}

function checkChallenge(state: TwinState, { challenge, source }: Proof, now: bigint): Reason {
  const view = new DataView(challenge.buffer, challenge.byteOffset);
  if (challenge[0] !== 1 || challenge[3] !== 0) return Reason.DROP_MESSAGE_FORMAT;
  if (view.getUint32(4) !== state.service) return Reason.DROP_SERVICE;
  if (challenge[1]! < state.difficulty) return Reason.DROP_DIFFICULTY;
  const late = checkTime(state, view.getBigUint64(8), now);
  if (late) return late;
  const secret = state.secrets.find(({ id }) => id === challenge[2]);
  if (!secret) return Reason.DROP_KEY_ID;
  const tag = challengeTag(secret, state.epochMs, challenge, source);
  return tag === view.getBigUint64(24, true) ? Reason.REASON_NONE : Reason.DROP_TAG;
}

function checkTime(state: TwinState, issued: bigint, now: bigint): Reason {
  const wall = (at: bigint) => (at + state.wallOffsetNs) / 1_000_000n;
  if (issued > wall(now) + state.skewMs) return Reason.DROP_CHALLENGE_FUTURE;
  if (wall(now) > issued + state.challengeMs) return Reason.DROP_CHALLENGE_EXPIRED;
  if (issued < state.notBeforeMs) return Reason.DROP_CHALLENGE_BEFORE_START;
  const stale = now > state.clockGoodUntilNs && issued > wall(state.clockGoodUntilNs);
  return stale ? Reason.DROP_CLOCK_STALE : Reason.REASON_NONE;
}

function checkSingleUse(state: TwinState, given: Proof): Reason {
  if (state.spent.has(spentKey(given))) return Reason.DROP_SPENT;
  const holds = state.holds(given.challenge, given.proof, given.source);
  if (typeof holds === 'number') return holds;
  return holds ? Reason.REASON_NONE : Reason.DROP_PROOF;
}

function spentKey({ challenge }: Proof): string {
  return hex(challenge.subarray(16, 32));
}
