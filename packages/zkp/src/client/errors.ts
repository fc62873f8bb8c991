import { Failures, GateClientError } from '@cryptbpf/core/gate-client';

/**
 * What a `ZkpError` can mean:
 * - `ERR_ZKP_KEY`: not a secret or a private key that can prove here, or one that is no member of the group
 * - `ERR_ZKP_GROUP`: not a description of a group
 * - `ERR_ZKP_MESSAGE`: bytes that are not the expected message of the protocol
 * - `ERR_ZKP_REJECTED`: the gate refused; `status` and `reason` say why
 * - `ERR_ZKP_TIMEOUT`: no answer in time
 * - `ERR_ZKP_NETWORK`: the host has no address, or there is no way to it; `cause` is the system's error
 * - `ERR_ABORTED`: the caller's signal was aborted; `cause` is its reason
 */
export type ZkpErrorCode =
  | 'ERR_ZKP_KEY'
  | 'ERR_ZKP_GROUP'
  | 'ERR_ZKP_MESSAGE'
  | 'ERR_ZKP_REJECTED'
  | 'ERR_ZKP_TIMEOUT'
  | 'ERR_ZKP_NETWORK'
  | 'ERR_ABORTED';

/**
 * Whatever goes wrong between a prover and a gate. Wrong arguments are `TypeError` and `RangeError`.
 *
 * @example
 * try {
 *   await requestAccess({ host: 'ssh.example', prover });
 * } catch (error) {
 *   if (error instanceof ZkpError && error.code === 'ERR_ZKP_REJECTED') console.error(error.reason);
 * }
 */
export class ZkpError extends GateClientError<ZkpErrorCode> {
  override readonly name = 'ZkpError';
}

export const failures = Failures.of(ZkpError, {
  challenge: 'ERR_ZKP_MESSAGE',
  message: 'ERR_ZKP_MESSAGE',
  rejected: 'ERR_ZKP_REJECTED',
  timeout: 'ERR_ZKP_TIMEOUT',
  network: 'ERR_ZKP_NETWORK',
  aborted: 'ERR_ABORTED',
});
