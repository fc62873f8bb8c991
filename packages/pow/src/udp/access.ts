import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { abortError, PowError } from '../client/errors.js';
import { Exchange } from './exchange.js';
import { negotiate } from './negotiate.js';
import { type Access, type AccessOptions, type ResolvedOptions, resolveOptions } from './options.js';

/** Messages to an address that may be a dead one, while the host has others. */
const RETRIES_BEFORE_NEXT = 2;

/**
 * Asks a gate to admit this machine: says hello, solves the puzzle and waits for the verdict.
 *
 * The host's addresses are tried in the resolver's order, the next one when an address stays silent. What
 * is admitted is the source address that the gate saw, `source`, on the way to `address`.
 *
 * An answer can be lost: after `ERR_POW_TIMEOUT` the gate may have admitted this machine all the same.
 *
 * @throws PowError `ERR_POW_TIMEOUT`, `ERR_POW_REJECTED`, `ERR_POW_CHALLENGE` when the puzzle is too hard,
 * `ERR_POW_NETWORK`, `ERR_ABORTED`.
 *
 * @example
 * import { requestAccess } from '@cryptbpf/pow/udp';
 * const { address } = await requestAccess({ host: 'example.org' });
 * const response = await fetch('https://example.org/');
 */
export async function requestAccess(options: AccessOptions): Promise<Access> {
  const resolved = resolveOptions(options);
  const deadline = new Deadline(resolved);
  try {
    const gates = await abortable(addressesOf(resolved), deadline.signal);
    return await firstAccess(gates, { ...resolved, signal: deadline.signal });
  } finally {
    deadline.clear();
  }
}

export type Attempt = ResolvedOptions & { signal: AbortSignal };

/** Tries one address after the other. */
export async function firstAccess(gates: LookupAddress[], options: Attempt): Promise<Access> {
  for (const [i, gate] of gates.entries()) {
    const isLast = i === gates.length - 1;
    const retries = isLast ? options.retries : Math.min(options.retries, RETRIES_BEFORE_NEXT);
    try {
      return await accessThrough(gate, { ...options, retries });
    } catch (error) {
      if (isLast || options.signal.aborted || !isUnreachable(error)) throw error;
    }
  }
  throw new PowError('ERR_POW_NETWORK', `${options.host} has no address to ask`);
}

async function accessThrough(gate: LookupAddress, options: Attempt): Promise<Access> {
  const exchange = await Exchange.open(gate, options);
  try {
    return { ...(await negotiate(exchange, options)), address: gate.address };
  } finally {
    exchange[Symbol.dispose]();
  }
}

async function addressesOf({ host, family, localAddress }: ResolvedOptions): Promise<LookupAddress[]> {
  try {
    const only = family ?? isIP(localAddress ?? '');
    return await lookup(host, { all: true, family: only });
  } catch (error) {
    throw new PowError('ERR_POW_NETWORK', `cannot resolve ${host}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof PowError && (error.code === 'ERR_POW_TIMEOUT' || error.code === 'ERR_POW_NETWORK');
}

/** A lookup cannot be called off, but it need not be waited for. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(abortError(signal));
    signal.addEventListener('abort', () => reject(abortError(signal)), { once: true });
  });
  return Promise.race([work, aborted]);
}

/** The caller's signal and the timeout in one signal, whose reason is the error to throw. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort = () => this.#controller.abort(abortError(this.#caller!));

  constructor({ signal, timeout, host, port }: ResolvedOptions) {
    this.#caller = signal;
    this.#timer = setTimeout(() => {
      const message = `no access to ${host}:${port} within ${timeout} ms`;
      this.#controller.abort(new PowError('ERR_POW_TIMEOUT', message));
    }, timeout);
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }
}
