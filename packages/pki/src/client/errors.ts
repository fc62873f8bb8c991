import { Failures, GateClientError } from '@cryptbpf/core/gate-client';

/**
 * What a `PkiError` can mean:
 * - `ERR_PKI_KEY`: not a private key in a form that is understood, or one that must not sign
 * - `ERR_PKI_CHAIN`: certificates that cannot be read, or do not fit the gate's messages
 * - `ERR_PKI_MESSAGE`: bytes that are not the expected message of the protocol
 * - `ERR_PKI_REJECTED`: the gate refused; `status` and `reason` say why
 * - `ERR_PKI_TIMEOUT`: no answer in time
 * - `ERR_PKI_NETWORK`: the host has no address, or there is no way to it; `cause` is the system's error
 * - `ERR_ABORTED`: the caller's signal was aborted; `cause` is its reason
 */
export type PkiErrorCode =
  | 'ERR_PKI_KEY'
  | 'ERR_PKI_CHAIN'
  | 'ERR_PKI_MESSAGE'
  | 'ERR_PKI_REJECTED'
  | 'ERR_PKI_TIMEOUT'
  | 'ERR_PKI_NETWORK'
  | 'ERR_ABORTED';

/** Whatever goes wrong between a holder of a certificate and a gate. Wrong arguments are `TypeError` and `RangeError`. */
export class PkiError extends GateClientError<PkiErrorCode> {
  override readonly name = 'PkiError';
}

export const failures = Failures.of(PkiError, {
  challenge: 'ERR_PKI_MESSAGE',
  message: 'ERR_PKI_MESSAGE',
  rejected: 'ERR_PKI_REJECTED',
  timeout: 'ERR_PKI_TIMEOUT',
  network: 'ERR_PKI_NETWORK',
  aborted: 'ERR_ABORTED',
});
