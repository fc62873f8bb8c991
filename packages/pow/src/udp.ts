/**
 * The exchange with a proof-of-work gate over UDP, for Node.
 *
 * @example
 * import { requestAccess } from '@cryptbpf/pow/udp';
 * const { lifetime } = await requestAccess({ host: 'example.org' });
 *
 * @packageDocumentation
 */
export { PowError, type PowErrorCode } from './client/errors.js';
export type { Progress } from './client/progress.js';
export { requestAccess } from './udp/access.js';
export { type KeepAccessOptions, type KeptAccess, keepAccess } from './udp/keep.js';
export type { Access, AccessOptions } from './udp/options.js';
