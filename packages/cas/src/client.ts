/**
 * Both ends of content-addressed packets, for any JavaScript runtime: content into packets, packets into content. The
 * transport is the caller's.
 *
 * @example
 * import { contentOf, Receiver } from '@cryptbpf/cas/client';
 * const content = await contentOf(file);
 * const receiver = new Receiver(content.cid);
 * for await (const packet of content.packets()) await receiver.accept(packet);
 * console.log(`${content.cid}`, receiver.bytes());
 *
 * @packageDocumentation
 */
export { CID } from 'multiformats/cid';
export { type AnyId, cidOf, digestOf } from './client/cid.js';
export {
  Content,
  type ContentOptions,
  contentOf,
  type PacketizeOptions,
  packetize,
} from './client/content.js';
export { CasError, type CasErrorCode } from './client/errors.js';
export {
  CHUNK_BYTES_MAX,
  CHUNK_BYTES_MIN,
  CONTENT_BYTES_MAX,
  decodePacket,
  type Packet,
  verifyPacket,
} from './client/packet.js';
export type { Range } from './client/ranges.js';
export { Receiver, type ReceiverOptions, type Sink } from './client/receiver.js';
export type { Source } from './client/source.js';
