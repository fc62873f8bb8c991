import { CasError } from './errors.js';
import { checkBytes, equalBytes } from './guards.js';
import {
  chunkCount,
  chunkLength,
  decodeFields,
  encodeFields,
  FIELDS_BYTES,
  isManifest,
  type Manifest,
  manifestId,
} from './manifest.js';
import { climb, HASH_BYTES, leafHash, pathLength } from './merkle.js';
import { sha256 } from './sha256.js';

export { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN } from './merkle.js';

const MAGIC = 0xca5ca5ca;
const VERSION = 1;
const TYPE = { content: 1, chunk: 2 } as const;
const ID_AT = 12;
export const HEADER_BYTES = 44;
export const CHUNK_HEADER_BYTES = HEADER_BYTES + 4 + FIELDS_BYTES;
/** So much fits, with all headers, into 9000 bytes. */
export const CONTENT_BYTES_MAX = 8928;

/** What a packet says. Its parts are views of the packet's bytes. */
export type Packet = WholePacket | ChunkPacket;

export interface WholePacket {
  readonly type: 'content';
  readonly id: Uint8Array;
  readonly content: Uint8Array;
}

export interface ChunkPacket {
  readonly type: 'chunk';
  readonly id: Uint8Array;
  readonly index: number;
  readonly chunk: Uint8Array;
  /** Hashes of 32 bytes. */
  readonly path: Uint8Array;
  readonly manifest: Manifest;
  /** The manifest as it is in the packet, without its label. */
  readonly fields: Uint8Array;
}

export function encodeWhole(id: Uint8Array, content: Uint8Array): Uint8Array {
  const packet = begin(TYPE.content, id, content.length, HEADER_BYTES + content.length);
  packet.set(content, HEADER_BYTES);
  return packet;
}

/** What is the same in all packets of an object. */
export interface ObjectHeader {
  readonly id: Uint8Array;
  readonly fields: Uint8Array;
}

export function objectHeader(manifest: Manifest): ObjectHeader {
  const fields = encodeFields(manifest);
  return { id: manifestId(fields), fields };
}

export function encodeChunk(
  { id, fields }: ObjectHeader,
  index: number,
  chunk: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array {
  const length = CHUNK_HEADER_BYTES + chunk.length + path.length * HASH_BYTES;
  const packet = begin(TYPE.chunk, id, chunk.length, length);
  new DataView(packet.buffer).setUint32(HEADER_BYTES, index);
  packet.set(fields, HEADER_BYTES + 4);
  packet.set(chunk, CHUNK_HEADER_BYTES);
  path.forEach((hash, i) => {
    packet.set(hash, CHUNK_HEADER_BYTES + chunk.length + i * HASH_BYTES);
  });
  return packet;
}

function begin(type: number, id: Uint8Array, length: number, packetLength: number): Uint8Array {
  const packet = new Uint8Array(packetLength);
  const view = new DataView(packet.buffer);
  view.setUint32(0, MAGIC);
  packet[4] = VERSION;
  packet[5] = type;
  view.setUint32(8, length);
  packet.set(id, ID_AT);
  return packet;
}

/** Reads a packet; whether it is right, `verifyPacket` tells. Throws ERR_CAS_PACKET. */
export function decodePacket(packet: Uint8Array): Packet {
  checkBytes('packet', packet);
  if (packet.length < HEADER_BYTES) throw bad(`${packet.length} bytes are too few`);
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (view.getUint32(0) !== MAGIC || packet[4] !== VERSION) throw bad('magic or version is another');
  if (view.getUint16(6) !== 0) throw bad('flags are set');
  const id = packet.subarray(ID_AT, HEADER_BYTES);
  const length = view.getUint32(8);
  if (packet[5] === TYPE.content) return decodeWhole(packet, id, length);
  if (packet[5] === TYPE.chunk) return decodeChunk(packet, view, id, length);
  throw bad(`there is no type ${packet[5]}`);
}

function decodeWhole(packet: Uint8Array, id: Uint8Array, length: number): WholePacket {
  if (length > CONTENT_BYTES_MAX) throw bad(`${length} bytes are too many`);
  if (packet.length !== HEADER_BYTES + length) throw bad('it is not as long as it says');
  return { type: 'content', id, content: packet.subarray(HEADER_BYTES) };
}

function decodeChunk(packet: Uint8Array, view: DataView, id: Uint8Array, length: number): ChunkPacket {
  if (packet.length < CHUNK_HEADER_BYTES) throw bad('it is not as long as it says');
  const fields = packet.subarray(HEADER_BYTES + 4, CHUNK_HEADER_BYTES);
  const manifest = decodeFields(fields);
  const index = view.getUint32(HEADER_BYTES);
  const last = chunkCount(manifest) - 1;
  if (index > last || length !== chunkLength(manifest, index)) throw bad(`there is no such chunk ${index}`);
  const pathAt = CHUNK_HEADER_BYTES + length;
  if (packet.length !== pathAt + pathLength(index, last) * HASH_BYTES)
    throw bad('it is not as long as it says');
  const chunk = packet.subarray(CHUNK_HEADER_BYTES, pathAt);
  return { type: 'chunk', id, index, chunk, path: packet.subarray(pathAt), manifest, fields };
}

/** Reads a packet and hashes all that its id commits to. Throws ERR_CAS_PACKET when it is anything else. */
export function verifyPacket(packet: Uint8Array): Packet {
  const read = decodePacket(packet);
  if (read.type === 'content') checkContent(read);
  else checkChunk(read);
  return read;
}

function checkContent({ id, content }: WholePacket): void {
  if (isManifest(content)) throw bad('a manifest is not content');
  if (!equalBytes(sha256(content), id)) throw bad('the content does not hash to its id');
}

function checkChunk({ id, index, chunk, path, manifest, fields }: ChunkPacket): void {
  if (!equalBytes(manifestId(fields), id)) throw bad('size, chunk size and root do not hash to its id');
  const root = climb(leafHash(chunk), path, index, chunkCount(manifest) - 1);
  if (!equalBytes(root, manifest.root)) throw bad(`the path of chunk ${index} does not lead to the root`);
}

function bad(why: string): CasError {
  return new CasError('ERR_CAS_PACKET', `no packet of content: ${why}`);
}
