/**
 * Signed packets, sessions and knocks over UDP, for Node.
 *
 * @example
 * import { createSigner, SignedSocket } from '@cryptbpf/signed-auth/udp';
 * await using socket = new SignedSocket({ signer: createSigner(pem, { audience: 'echo.example', keyId: 1 }) });
 * await socket.send('hello', 7777, 'echo.example');
 *
 * @packageDocumentation
 */
export { SignedAuthError, type SignedAuthErrorCode } from './client/errors.js';
export { generateKey, type KeyPair } from './client/generate.js';
export type { PrivateKey } from './client/key.js';
export type { Session } from './client/session.js';
export type { Signer, SignerOptions } from './client/signer.js';
export { keepOpen, knock } from './udp/knock.js';
export type { Access, KeepOpenOptions, KeptOpen, KnockOptions, SignedSocketOptions } from './udp/options.js';
export { openSession, type SessionOptions } from './udp/session.js';
export { createSigner } from './udp/signer.js';
export { SignedSocket, type SignedSocketEvents } from './udp/socket.js';
