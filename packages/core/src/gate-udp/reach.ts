import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Failures } from '../gate-client/failures.js';
import { Deadline } from './deadline.js';
import { Exchange } from './exchange.js';
import type { ResolvedReach } from './options.js';

/** Messages to an address that may be a dead one, while the host has others. */
const RETRIES_BEFORE_NEXT = 2;

/** What is said to a gate once a socket is connected to one of its addresses. */
export type Talk<T> = (exchange: Exchange, signal: AbortSignal) => Promise<T>;

export interface Reach<T> {
  failures: Failures;
  talk: Talk<T>;
}

/** What came of it, and the gate's address that it came from. */
export type Reached<T> = T & { address: string };

type Attempt = ResolvedReach & { signal: AbortSignal };

/**
 * Talks to a host's gate: its addresses are tried in the resolver's order, the next one when an address stays
 * silent.
 *
 * @throws a `network` failure when there is no address or no way, `timeout`, `aborted`, what `talk` throws.
 */
export async function reach<T>(options: ResolvedReach, { failures, talk }: Reach<T>): Promise<Reached<T>> {
  const deadline = new Deadline(options, failures);
  try {
    const gates = await abortable(addressesOf(options, failures), deadline.signal, failures);
    return await firstReached(gates, { ...options, signal: deadline.signal }, { failures, talk });
  } finally {
    deadline.clear();
  }
}

/** Tries one address after the other. */
export async function firstReached<T>(
  gates: LookupAddress[],
  options: Attempt,
  { failures, talk }: Reach<T>,
): Promise<Reached<T>> {
  for (const [i, gate] of gates.entries()) {
    const isLast = i === gates.length - 1;
    const retries = isLast ? options.retries : Math.min(options.retries, RETRIES_BEFORE_NEXT);
    try {
      using exchange = await Exchange.open(gate, { ...options, retries, failures });
      return { ...(await talk(exchange, options.signal)), address: gate.address };
    } catch (error) {
      if (isLast || options.signal.aborted || !failures.is(error, 'timeout', 'network')) throw error;
    }
  }
  throw failures.make('network', `${options.host} has no address to ask`);
}

async function addressesOf(
  { host, family, localAddress }: ResolvedReach,
  failures: Failures,
): Promise<LookupAddress[]> {
  try {
    const only = family ?? isIP(localAddress ?? '');
    return await lookup(host, { all: true, family: only });
  } catch (error) {
    throw failures.make('network', `cannot resolve ${host}: ${(error as Error).message}`, { cause: error });
  }
}

/** A lookup cannot be called off, but it need not be waited for. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal, failures: Failures): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(failures.aborted(signal));
    signal.addEventListener('abort', () => reject(failures.aborted(signal)), { once: true });
  });
  return Promise.race([work, aborted]);
}
