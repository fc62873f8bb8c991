import { type KeepOptions, type Kept, keep } from '@cryptbpf/core/gate-udp';
import { failures, type PowError } from '../client/errors.js';
import { requestAccess } from './access.js';
import type { Access, AccessOptions } from './options.js';

export type KeepAccessOptions = AccessOptions & KeepOptions<Access, PowError>;

/** An admission that is renewed in the background. */
export type KeptAccess = Kept<Access>;

/**
 * Asks a gate for access and renews it before it ends, `renewAfter` seconds after each admission, until
 * closed or until the signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what `requestAccess` throws, for the first request only; later errors go to `onError`.
 *
 * @example
 * await using kept = await keepAccess({ host: 'example.org', onError: (error) => console.warn(error) });
 */
export async function keepAccess(options: KeepAccessOptions): Promise<KeptAccess> {
  return keep((signal) => requestAccess({ ...options, signal }), options, failures);
}
