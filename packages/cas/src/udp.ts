/**
 * Content over UDP, for Node: what `@cryptbpf/cas/client` makes of it goes out by a socket, and what comes in is put
 * together.
 *
 * @example
 * import { openAsBlob } from 'node:fs';
 * import { contentOf } from '@cryptbpf/cas/client';
 * import { sendContent } from '@cryptbpf/cas/udp';
 * const content = await contentOf(await openAsBlob('film.mp4'));
 * await sendContent(content, { host: '192.0.2.1', port: 4430, bytesPerSecond: 10e6 });
 *
 * @packageDocumentation
 */
export { CasError, type CasErrorCode } from './client/errors.js';
export { type Received, type ReceiveOptions, receiveContent } from './udp/receive.js';
export { type SendOptions, sendContent } from './udp/send.js';
