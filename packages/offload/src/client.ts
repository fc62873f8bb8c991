/**
 * The client's half of the service of operations, for any JavaScript runtime. The transport is the caller's.
 *
 * @packageDocumentation
 */
export {
  type AeadOptions,
  type Answer,
  OffloadClient,
  type OffloadClientOptions,
  type RequestOptions,
} from './client/client.js';
export { OffloadError, type OffloadErrorCode } from './client/errors.js';
export {
  hmacQuestion,
  openQuestion,
  type Question,
  sealQuestion,
  sha256Question,
  verifyQuestion,
} from './client/operations.js';
export { OPERATIONS, type Operation, ROUTES, type Route } from './client/wire.js';
