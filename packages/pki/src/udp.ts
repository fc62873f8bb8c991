/**
 * Certificates presented over UDP, for Node.
 *
 * @example
 * import { presentCertificate } from '@cryptbpf/pki/udp';
 * await presentCertificate({ host: 'db.example', audience: 'db.example', chain: pem, key });
 *
 * @packageDocumentation
 */
export { PkiError, type PkiErrorCode } from './client/errors.js';
export { Holder, type HolderOptions } from './client/holder.js';
export type { MessageSigner, PrivateCryptoKey, PrivateKey } from './client/key.js';
export type { Access, KeepAccessOptions, KeptAccess, PresentOptions } from './udp/options.js';
export { keepAccess, presentCertificate } from './udp/present.js';
