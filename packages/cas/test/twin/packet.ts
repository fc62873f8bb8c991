import { createHash } from 'node:crypto';
import { parseFrame, UDP } from '../../../pow/test/twin/frame.js';
import { Reason } from '../../src/cas.gen.js';
import { auditPath, leadsToRoot, leaf, treeHash } from './tree.js';

/* Packets and their verdicts by docs/protocols.md alone. */

export const sha256 = (...parts: Uint8Array[]) =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
export const MAGIC = 0xca5ca5ca;
export const LABEL = Uint8Array.from(Buffer.from('CASTREE1'));
const HEADER = 44;
const CHUNK_HEADER = 92;

/** Fields of a packet; what is not given is right. */
export interface Fields {
  magic?: number;
  version?: number;
  type?: number;
  flags?: number;
  length?: number;
  id?: Uint8Array;
  index?: number;
  size?: bigint;
  chunkBytes?: number;
  root?: Uint8Array;
  path?: readonly Uint8Array[];
}

export function wholePacket(content: Uint8Array, fields: Fields = {}): Uint8Array {
  return Buffer.concat([header(1, content, sha256(content), fields), content]);
}

export function chunksOf(data: Uint8Array, chunkBytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(data.length / chunkBytes) }, (_, i) =>
    data.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
}

export function chunkPacket(
  data: Uint8Array,
  chunkBytes: number,
  index: number,
  fields: Fields & { chunk?: Uint8Array } = {},
): Uint8Array {
  const chunks = chunksOf(data, chunkBytes);
  const { root = treeHash(chunks), path = auditPath(index, chunks), chunk = chunks[index]! } = fields;
  const object = Buffer.alloc(48);
  object.writeUInt32BE(fields.index ?? index, 0);
  object.writeBigUInt64BE(fields.size ?? BigInt(data.length), 4);
  object.writeUInt32BE(fields.chunkBytes ?? chunkBytes, 12);
  object.set(root, 16);
  const id = sha256(LABEL, object.subarray(4));
  return Buffer.concat([header(2, chunk, id, fields), object, chunk, ...path]);
}

function header(type: number, bytes: Uint8Array, id: Uint8Array, fields: Fields): Buffer {
  const packet = Buffer.alloc(HEADER);
  packet.writeUInt32BE(fields.magic ?? MAGIC, 0);
  packet[4] = fields.version ?? 1;
  packet[5] = fields.type ?? type;
  packet.writeUInt16BE(fields.flags ?? 0, 6);
  packet.writeUInt32BE(fields.length ?? bytes.length, 8);
  packet.set(fields.id ?? id, 12);
  return packet;
}

export interface Lists {
  allow?: readonly Uint8Array[];
  deny?: readonly Uint8Array[];
}

const has = (list: readonly Uint8Array[] | undefined, id: Uint8Array) =>
  list?.some((listed) => Buffer.compare(listed, id) === 0) ?? false;

/** What becomes of a UDP payload to a protected port. */
export function judgePayload(payload: Uint8Array, { allow, deny }: Lists = {}): Reason {
  const packet = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (packet.length < HEADER || packet.readUInt32BE(0) !== MAGIC || packet[4] !== 1)
    return Reason.DROP_NOT_CONTENT;
  const type = packet[5];
  if (packet.readUInt16BE(6) !== 0 || (type !== 1 && type !== 2)) return Reason.DROP_CONTENT_FORMAT;
  if (type === 2 && packet.length < CHUNK_HEADER) return Reason.DROP_CONTENT_LENGTH;
  const id = packet.subarray(12, HEADER);
  if (has(deny, id)) return Reason.DROP_ID_DENIED;
  if (allow && !has(allow, id)) return Reason.DROP_ID_NOT_ALLOWED;
  return type === 1 ? judgeWhole(packet, id) : judgeChunk(packet, id);
}

function judgeWhole(packet: Buffer, id: Uint8Array): Reason {
  const content = packet.subarray(HEADER);
  const length = packet.readUInt32BE(8);
  if (length > 8928) return Reason.DROP_CONTENT_FORMAT;
  if (content.length !== length) return Reason.DROP_CONTENT_LENGTH;
  if (content.length === 52 && Buffer.compare(content.subarray(0, 8), LABEL) === 0)
    return Reason.DROP_MANIFEST_AS_CONTENT;
  return Buffer.compare(sha256(content), id) === 0 ? Reason.PASS_CONTENT : Reason.DROP_CONTENT;
}

function judgeChunk(packet: Buffer, id: Uint8Array): Reason {
  const length = packet.readUInt32BE(8);
  const index = packet.readUInt32BE(44);
  const size = packet.readBigUInt64BE(48);
  const chunkBytes = packet.readUInt32BE(56);
  if (size === 0n || chunkBytes < 64 || chunkBytes > 8192) return Reason.DROP_CONTENT_FORMAT;
  const count = (size + BigInt(chunkBytes) - 1n) / BigInt(chunkBytes);
  if (count > 2n ** 32n) return Reason.DROP_CONTENT_FORMAT;
  const isLast = BigInt(index) === count - 1n;
  const expected = isLast ? Number(size - BigInt(index) * BigInt(chunkBytes)) : chunkBytes;
  if (BigInt(index) >= count || length !== expected) return Reason.DROP_CHUNK_INDEX;
  const hashes = pathLength(index, Number(count));
  if (packet.length !== CHUNK_HEADER + length + 32 * hashes) return Reason.DROP_CONTENT_LENGTH;
  if (Buffer.compare(sha256(LABEL, packet.subarray(48, CHUNK_HEADER)), id) !== 0) return Reason.DROP_MANIFEST;
  const path = Array.from({ length: hashes }, (_, i) =>
    packet.subarray(CHUNK_HEADER + length + 32 * i, CHUNK_HEADER + length + 32 * (i + 1)),
  );
  const chunk = packet.subarray(CHUNK_HEADER, CHUNK_HEADER + length);
  const root = packet.subarray(60, CHUNK_HEADER);
  return leadsToRoot(leaf(chunk), path, index, Number(count), root) ? Reason.PASS_CHUNK : Reason.DROP_CHUNK;
}

/** As the definition of audit paths goes down the tree. */
function pathLength(m: number, n: number): number {
  if (n === 1) return 0;
  let k = 1;
  while (2 * k < n) k *= 2;
  return 1 + (m < k ? pathLength(m, k) : pathLength(m - k, n - k));
}

export interface Rules extends Lists {
  ports: readonly number[];
}

/** What becomes of a frame. */
export function judgeFrame(frame: Uint8Array, { ports, ...lists }: Rules): Reason {
  const packet = parseFrame(frame);
  if (typeof packet === 'number') return packet;
  if (packet.protocol !== UDP || !ports.includes(packet.destinationPort)) return Reason.PASS_UNPROTECTED;
  if (packet.firstFragment) return Reason.DROP_FRAGMENT;
  const datagram = frame.subarray(packet.transport, packet.end);
  const isWhole = ((datagram[4]! << 8) | datagram[5]!) === datagram.length;
  const reason = judgePayload(datagram.subarray(8), isWhole ? lists : {});
  if (isWhole || BEFORE_LENGTH.includes(reason) || isCutBefore(datagram.subarray(8))) return reason;
  return Reason.DROP_CONTENT_LENGTH;
}

/** What is found before the length of the datagram is looked at. */
const BEFORE_LENGTH: readonly Reason[] = [Reason.DROP_NOT_CONTENT];

function isCutBefore(payload: Uint8Array): boolean {
  const flags = (payload[6]! << 8) | payload[7]!;
  return flags !== 0 || (payload[5] !== 1 && payload[5] !== 2);
}
