import { randomBytes } from 'node:crypto';
import { parseChallenge } from '../client/challenge.js';
import { PowError } from '../client/errors.js';
import {
  type ChallengeMessage,
  decodeChallenge,
  decodeVerdict,
  encodeHello,
  encodeSolution,
  MessageType,
  messageType,
  TRANSACTION_LENGTH,
  transactionOf,
  type Verdict,
} from '../client/message.js';
import { reasonName } from '../client/reasons.js';
import { solve } from '../client/solve.js';
import { Reason } from '../reasons.gen.js';
import type { Accept, Exchange } from './exchange.js';
import type { Access, AccessOptions } from './options.js';

/** Challenges that are tried before a refusal is final. */
const MAX_ROUNDS = 4;
/** How long a late admission may follow the verdict that the challenge is spent. */
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

type SearchOptions = Pick<AccessOptions, 'onProgress' | 'workers' | 'maxDifficulty'> & {
  signal: AbortSignal;
};

/** Hello, challenge, solution, verdict; again with a fresh challenge where that can help. */
export async function negotiate(
  exchange: Exchange,
  options: SearchOptions,
): Promise<Omit<Access, 'address'>> {
  for (let round = 1; ; round++) {
    const transaction = randomBytes(TRANSACTION_LENGTH);
    const { challenge, source } = await askForChallenge(exchange, transaction);
    const { nonce } = await solve(challenge, options);
    const verdict = await present(exchange, transaction, encodeSolution(transaction, challenge, nonce));
    if (verdict.status === 0) {
      const { lifetime, renewAfter } = verdict;
      return { lifetime, renewAfter, difficulty: parseChallenge(challenge).difficulty, source };
    }
    if (!STALE.has(verdict.status) || round === MAX_ROUNDS) throw rejection(verdict.status);
  }
}

/** A hello is answered with a challenge, or refused; an admission without a proof is nobody's answer. */
async function askForChallenge(exchange: Exchange, transaction: Uint8Array): Promise<ChallengeMessage> {
  const answer = await exchange.ask(encodeHello(transaction), (datagram) => {
    if (!isOf(transaction, datagram)) return undefined;
    if (messageType(datagram) === MessageType.CHALLENGE) return decodeChallenge(datagram);
    const refusal = verdictIn(datagram);
    return refusal?.status === 0 ? undefined : refusal;
  });
  if ('status' in answer) throw rejection(answer.status);
  return answer;
}

/**
 * Sends the solution until there is a verdict. "Spent" is what the second copy of a solution gets, be it
 * because the verdict on the first was lost or because the network doubled it. With a lifetime it says that
 * this source is admitted, and for how long. Without one only an admission that comes late counts, else the
 * caller of `present` solves anew and has a verdict of its own.
 */
async function present(exchange: Exchange, transaction: Uint8Array, solution: Uint8Array): Promise<Verdict> {
  const accept: Accept<Verdict> = (datagram) =>
    isOf(transaction, datagram) ? verdictIn(datagram) : undefined;
  const verdict = await exchange.ask(solution, accept);
  if (verdict.status !== Reason.DROP_SPENT) return verdict;
  if (verdict.lifetime > 0) return { ...verdict, status: 0 };
  const admitted = await exchange.listen((datagram) => {
    const late = accept(datagram);
    return late?.status === 0 ? late : undefined;
  }, LATE_MS);
  return admitted ?? verdict;
}

function verdictIn(datagram: Uint8Array): Verdict | undefined {
  return messageType(datagram) === MessageType.VERDICT ? decodeVerdict(datagram) : undefined;
}

function isOf(transaction: Uint8Array, datagram: Uint8Array): boolean {
  return Buffer.compare(transaction, transactionOf(datagram)) === 0;
}

function rejection(status: number): PowError {
  const reason = reasonName(status);
  return new PowError('ERR_POW_REJECTED', `the gate refused: ${reason}`, { status, reason });
}
