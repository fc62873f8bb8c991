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

export interface PowErrorDetails {
  cause?: unknown;
  status?: number;
  reason?: string;
}

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
export class PowError extends Error {
  override readonly name = 'PowError';
  readonly code: PowErrorCode;
  /** The gate's reason number; only with `ERR_POW_REJECTED`. */
  readonly status?: number;
  /** The name of that reason, `DROP_SPENT` for example. */
  readonly reason?: string;

  constructor(code: PowErrorCode, message: string, details: PowErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.status !== undefined) this.status = details.status;
    if (details.reason !== undefined) this.reason = details.reason;
  }
}

/** The error of an aborted signal: its reason where that is ours already, else wrapped. */
export function abortError(signal: AbortSignal): PowError {
  if (signal.reason instanceof PowError) return signal.reason;
  return new PowError('ERR_ABORTED', 'aborted by the caller', { cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
