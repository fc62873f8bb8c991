import { Failures, GateClientError } from '@cryptbpf/core/gate-client';

/**
 * What a `SignedAuthError` can mean:
 * - `ERR_SIGNED_AUTH_KEY`: not a private P-256 key in a form that is understood, or one that must not sign
 * - `ERR_SIGNED_AUTH_MESSAGE`: bytes that are not the expected message of the protocol
 * - `ERR_SIGNED_AUTH_SESSION`: the session is over; ask for another one
 * - `ERR_SIGNED_AUTH_REJECTED`: the gate refused; `status` and `reason` say why
 * - `ERR_SIGNED_AUTH_TIMEOUT`: no answer in time
 * - `ERR_SIGNED_AUTH_NETWORK`: the host has no address, or there is no way to it; `cause` is the system's error
 * - `ERR_ABORTED`: the caller's signal was aborted; `cause` is its reason
 */
export type SignedAuthErrorCode =
  | 'ERR_SIGNED_AUTH_KEY'
  | 'ERR_SIGNED_AUTH_MESSAGE'
  | 'ERR_SIGNED_AUTH_SESSION'
  | 'ERR_SIGNED_AUTH_REJECTED'
  | 'ERR_SIGNED_AUTH_TIMEOUT'
  | 'ERR_SIGNED_AUTH_NETWORK'
  | 'ERR_ABORTED';

/**
 * Whatever goes wrong between a sender and a gate. Wrong arguments are `TypeError` and `RangeError`.
 *
 * @example
 * try {
 *   await knock({ host: 'example.org', signer });
 * } catch (error) {
 *   if (error instanceof SignedAuthError && error.code === 'ERR_SIGNED_AUTH_REJECTED') console.error(error.reason);
 * }
 */
export class SignedAuthError extends GateClientError<SignedAuthErrorCode> {
  override readonly name = 'SignedAuthError';
}

export const failures = Failures.of(SignedAuthError, {
  challenge: 'ERR_SIGNED_AUTH_MESSAGE',
  message: 'ERR_SIGNED_AUTH_MESSAGE',
  rejected: 'ERR_SIGNED_AUTH_REJECTED',
  timeout: 'ERR_SIGNED_AUTH_TIMEOUT',
  network: 'ERR_SIGNED_AUTH_NETWORK',
  aborted: 'ERR_ABORTED',
});
