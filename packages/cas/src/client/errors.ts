/**
 * What a `CasError` can mean:
 * - `ERR_CAS_PACKET`: bytes that are no packet, or one that is not what its id says
 * - `ERR_CAS_ID`: not a CID with a SHA-256 hash
 * - `ERR_CAS_SIZE`: content, chunk or object that is larger than there is room for
 * - `ERR_CAS_SOURCE`: the source does not give the same bytes twice
 * - `ERR_CAS_STATE`: what was to be resumed is of other content, or cut
 * - `ERR_CAS_INCOMPLETE`: not all has come yet
 * - `ERR_CAS_NETWORK`: no such host, no way there, or a port that cannot be had
 */
export type CasErrorCode =
  | 'ERR_CAS_PACKET'
  | 'ERR_CAS_ID'
  | 'ERR_CAS_SIZE'
  | 'ERR_CAS_SOURCE'
  | 'ERR_CAS_STATE'
  | 'ERR_CAS_INCOMPLETE'
  | 'ERR_CAS_NETWORK';

/** What goes wrong with content. Wrong arguments are `TypeError` and `RangeError`. */
export class CasError extends Error {
  override readonly name = 'CasError';
  readonly code: CasErrorCode;

  constructor(code: CasErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
