/**
 * What an `OffloadError` can mean. Of the service, in an authenticated answer:
 * - `ERR_OFFLOAD_OPERATION`: it does not know the operation
 * - `ERR_OFFLOAD_KEY`: it has no such key, or not for this operation
 * - `ERR_OFFLOAD_LENGTH`: the operation cannot be done on data of that length
 * - `ERR_OFFLOAD_BUSY`: no route has room now
 * - `ERR_OFFLOAD_BUDGET`: more requests than this client, or all of them, may make
 * - `ERR_OFFLOAD_FORGED`: what was to be opened was not sealed under that key, or was changed
 * - `ERR_OFFLOAD_EXHAUSTED`: the key has sealed as much as it may
 * - `ERR_OFFLOAD_FAILED`: no route could do it
 * - `ERR_OFFLOAD_INCOMPLETE`: not all packets of the request came
 * - `ERR_OFFLOAD_PLAINTEXT`: this client may ask only in an encrypted session
 *
 * Of this end:
 * - `ERR_OFFLOAD_TIMEOUT`: no answer came in time; whether it was done is not known
 * - `ERR_OFFLOAD_ABORTED`: the caller did not want it any more
 * - `ERR_OFFLOAD_NETWORK`: the request could not be sent
 * - `ERR_OFFLOAD_CLOSED`: the client, or the service, was closed
 */
export type OffloadErrorCode = ServiceErrorCode | LocalErrorCode;

type ServiceErrorCode = (typeof SERVICE_CODES)[number];
type LocalErrorCode =
  | 'ERR_OFFLOAD_TIMEOUT'
  | 'ERR_OFFLOAD_ABORTED'
  | 'ERR_OFFLOAD_NETWORK'
  | 'ERR_OFFLOAD_CLOSED';

/** By number, from 1: enum offload_error. */
const SERVICE_CODES = [
  'ERR_OFFLOAD_OPERATION',
  'ERR_OFFLOAD_KEY',
  'ERR_OFFLOAD_LENGTH',
  'ERR_OFFLOAD_BUSY',
  'ERR_OFFLOAD_BUDGET',
  'ERR_OFFLOAD_FORGED',
  'ERR_OFFLOAD_EXHAUSTED',
  'ERR_OFFLOAD_FAILED',
  'ERR_OFFLOAD_INCOMPLETE',
  'ERR_OFFLOAD_PLAINTEXT',
] as const;

const MESSAGES: Record<ServiceErrorCode, string> = {
  ERR_OFFLOAD_OPERATION: 'the service does not know the operation',
  ERR_OFFLOAD_KEY: 'the service has no key of that id for this operation',
  ERR_OFFLOAD_LENGTH: 'the operation cannot be done on data of that length',
  ERR_OFFLOAD_BUSY: 'no route has room: try again later',
  ERR_OFFLOAD_BUDGET: 'more requests than this client may make: send fewer a second',
  ERR_OFFLOAD_FORGED: 'the sealed data is not of that key, or was changed',
  ERR_OFFLOAD_EXHAUSTED: 'the key has sealed as much as it may: use a new one',
  ERR_OFFLOAD_FAILED: 'no route could do the operation',
  ERR_OFFLOAD_INCOMPLETE: 'not all packets of the request reached the service',
  ERR_OFFLOAD_PLAINTEXT: 'this client may ask only in a session: set encrypted',
};

/** Why an operation has no result. Wrong arguments are `TypeError` and `RangeError`. */
export class OffloadError extends Error {
  override readonly name = 'OffloadError';
  readonly code: OffloadErrorCode;

  constructor(code: OffloadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The error that the service names by this number. */
export function serviceError(number: number): OffloadError {
  const code = SERVICE_CODES[number - 1] ?? 'ERR_OFFLOAD_FAILED';
  return new OffloadError(code, MESSAGES[code]);
}
