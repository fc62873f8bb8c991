import { Failures, GateClientError } from '@cryptbpf/core/gate-client';

/**
 * What a `PowError` can mean:
 * - `ERR_POW_CHALLENGE`: not a challenge, or one that is harder than the caller allows
 * - `ERR_POW_MESSAGE`: bytes that are not the expected message of the protocol
 * - `ERR_POW_REJECTED`: the gate refused; `status` and `reason` say why
 * - `ERR_POW_TIMEOUT`: no answer, or no solution, in time
 * - `ERR_POW_NETWORK`: the host has no address, or there is no way to it; `cause` is the system's error
 * - `ERR_ABORTED`: the caller's signal was aborted; `cause` is its reason
 */
export type PowErrorCode =
  | 'ERR_POW_CHALLENGE'
  | 'ERR_POW_MESSAGE'
  | 'ERR_POW_REJECTED'
  | 'ERR_POW_TIMEOUT'
  | 'ERR_POW_NETWORK'
  | 'ERR_ABORTED';

/**
 * Whatever goes wrong between a client and a gate. Wrong arguments are `TypeError` and `RangeError`.
 *
 * @example
 * try {
 *   await requestAccess({ host: 'example.org' });
 * } catch (error) {
 *   if (error instanceof PowError && error.code === 'ERR_POW_REJECTED') console.error(error.reason);
 * }
 */
export class PowError extends GateClientError<PowErrorCode> {
  override readonly name = 'PowError';
}

export const failures = Failures.of(PowError, {
  challenge: 'ERR_POW_CHALLENGE',
  message: 'ERR_POW_MESSAGE',
  rejected: 'ERR_POW_REJECTED',
  timeout: 'ERR_POW_TIMEOUT',
  network: 'ERR_POW_NETWORK',
  aborted: 'ERR_ABORTED',
});

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw failures.aborted(signal);
}
