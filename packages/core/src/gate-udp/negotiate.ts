import { randomBytes } from 'node:crypto';
import {
  type ChallengeMessage,
  type GateMessages,
  MessageType,
  TRANSACTION_LENGTH,
  transactionOf,
  type Verdict,
} from '../gate-client/messages.js';
import { Reason } from '../gate-client/reasons.gen.js';
import { reasonName } from '../gate-client/reasons.js';
import type { Exchange } from './exchange.js';

/** Challenges that are tried before a refusal is final. */
const MAX_ROUNDS = 4;
/** How long the wanted answer may follow the verdict that the challenge is spent. */
const LATE_MS = 1000;

/** Refusals that a fresh challenge can mend: it grew old, the gate's secret or our address changed. */
const STALE = new Set<number>([
  Reason.DROP_KEY_ID,
  Reason.DROP_CHALLENGE_EXPIRED,
  Reason.DROP_CHALLENGE_BEFORE_START,
  Reason.DROP_DIFFICULTY,
  Reason.DROP_TAG,
  Reason.DROP_SPENT,
]);

/** What a challenge is answered with. */
export interface Answer<T> {
  message: Uint8Array;
  /** Takes what it wants out of a datagram of the same transaction, undefined for anything else. */
  accept: (datagram: Uint8Array) => T | undefined;
}

/** Makes the answer to a challenge; may take long. */
export type Respond<T> = (challenge: ChallengeMessage) => Promise<Answer<T>>;

/** Hello, challenge, answer, and what comes of it; again with a fresh challenge where that can help. */
export async function negotiate<T>(
  exchange: Exchange,
  messages: GateMessages,
  respond: Respond<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    const transaction = randomBytes(TRANSACTION_LENGTH);
    const challenge = await askForChallenge(exchange, messages, transaction);
    const answer = await respond(challenge);
    const taken = await present(exchange, messages, transaction, answer);
    if ('value' in taken) return taken.value;
    if (!STALE.has(taken.status) || round === MAX_ROUNDS) throw refusal(messages, taken.status);
  }
}

/** A hello is answered with a challenge, or refused; an admission without a proof is nobody's answer. */
async function askForChallenge(
  exchange: Exchange,
  messages: GateMessages,
  transaction: Uint8Array,
): Promise<ChallengeMessage> {
  const answer = await exchange.ask(messages.encodeHello(transaction), (datagram) => {
    if (!isOf(transaction, datagram)) return undefined;
    if (messages.typeOf(datagram) === MessageType.CHALLENGE) return messages.decodeChallenge(datagram);
    return refusalIn(messages, datagram);
  });
  if ('status' in answer) throw refusal(messages, answer.status);
  return answer;
}

type Taken<T> = { value: T } | { status: number };

/**
 * Sends the answer until there is a verdict, or what it wants. "Spent" is what its second copy gets, be it
 * because the verdict on the first was lost or because the network doubled it. What is wanted may still come
 * late; if it does not, the caller begins anew and has a verdict of its own.
 */
async function present<T>(
  exchange: Exchange,
  messages: GateMessages,
  transaction: Uint8Array,
  { message, accept }: Answer<T>,
): Promise<Taken<T>> {
  const take = (datagram: Uint8Array): { value: T } | undefined => {
    const value = isOf(transaction, datagram) ? accept(datagram) : undefined;
    return value === undefined ? undefined : { value };
  };
  const taken = await exchange.ask<Taken<T>>(message, (datagram) => {
    return take(datagram) ?? (isOf(transaction, datagram) ? refusalIn(messages, datagram) : undefined);
  });
  if ('value' in taken || taken.status !== Reason.DROP_SPENT) return taken;
  return (await exchange.listen(take, LATE_MS)) ?? taken;
}

function refusalIn(messages: GateMessages, datagram: Uint8Array): Verdict | undefined {
  const verdict = verdictIn(messages, datagram);
  return verdict?.status === 0 ? undefined : verdict;
}

/**
 * The admission that a datagram is, undefined for anything else. "Spent" with a lifetime says that an earlier
 * copy of the proof counted, and for how long this source is still admitted.
 */
export function admissionIn(messages: GateMessages, datagram: Uint8Array): Verdict | undefined {
  const verdict = verdictIn(messages, datagram);
  const isAdmitted = verdict?.status === Reason.DROP_SPENT && verdict.lifetime > 0;
  return isAdmitted || verdict?.status === 0 ? { ...verdict, status: 0 } : undefined;
}

function verdictIn(messages: GateMessages, datagram: Uint8Array): Verdict | undefined {
  return messages.typeOf(datagram) === MessageType.VERDICT ? messages.decodeVerdict(datagram) : undefined;
}

function isOf(transaction: Uint8Array, datagram: Uint8Array): boolean {
  return Buffer.compare(transaction, transactionOf(datagram)) === 0;
}

function refusal({ failures }: GateMessages, status: number): Error {
  const reason = reasonName(status);
  return failures.make('rejected', `the gate refused: ${reason}`, { status, reason });
}
