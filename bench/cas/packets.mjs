import { createHash, randomBytes } from 'node:crypto';
import { MACS, SERVER_ADDRESS } from '../lib/namespaces.mjs';

/* One packet of each kind, with 1400 bytes of UDP payload, made by docs/protocols.md. */

export const PORT = 4430;
const PAYLOAD = 1400;
const HEADER = 44;
const CHUNK_HEADER = 92;
const LEVELS = 19;
const CHUNK = 700;
/** So many bytes have 19 levels. */
const OBJECT = CHUNK * 2 ** LEVELS;
const PASS_CONTENT = 12;
const PASS_CHUNK = 13;
const DROP_CONTENT = 214;

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();

export const KINDS = {
  'verify-1400': () => ({ payload: contentPacket(), passes: true, reason: PASS_CONTENT }),
  'merkle-1400': () => ({ payload: chunkPacket(), passes: true, reason: PASS_CHUNK }),
  drop: () => ({ payload: tampered(contentPacket()), passes: false, reason: DROP_CONTENT }),
};

function contentPacket() {
  const content = randomBytes(PAYLOAD - HEADER);
  return Buffer.concat([header(1, content.length, sha256(content)), content]);
}

/** Chunk 0, with neighbours that are as good as any. */
function chunkPacket() {
  const chunk = randomBytes(CHUNK);
  const path = Array.from({ length: LEVELS }, () => randomBytes(32));
  const leaf = sha256(Buffer.of(0), chunk);
  const root = path.reduce((node, neighbour) => sha256(Buffer.of(1), node, neighbour), leaf);
  const object = Buffer.alloc(CHUNK_HEADER - HEADER);
  object.writeBigUInt64BE(BigInt(OBJECT), 4);
  object.writeUInt32BE(CHUNK, 12);
  object.set(root, 16);
  const id = sha256(Buffer.from('CASTREE1'), object.subarray(4));
  return Buffer.concat([header(2, CHUNK, id), object, chunk, ...path]);
}

function header(type, length, id) {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt32BE(0xca5ca5ca, 0);
  bytes[4] = 1;
  bytes[5] = type;
  bytes.writeUInt32BE(length, 8);
  bytes.set(id, 12);
  return bytes;
}

function tampered(packet) {
  packet[packet.length - 1] ^= 1;
  return packet;
}

/** From the sender to the server; no UDP checksum. */
export function frameOf(payload) {
  const frame = Buffer.alloc(42 + payload.length);
  frame.set([...macOf(MACS.server), ...macOf(MACS.sender), 8, 0, 0x45]);
  frame.writeUInt16BE(28 + payload.length, 16);
  frame.set([64, 17], 22);
  frame.set([198, 18, 0, 2, ...SERVER_ADDRESS.split('.').map(Number)], 26);
  frame.writeUInt16BE(checksum(frame.subarray(14, 34)), 24);
  frame.writeUInt16BE(40_000, 34);
  frame.writeUInt16BE(PORT, 36);
  frame.writeUInt16BE(8 + payload.length, 38);
  frame.set(payload, 42);
  return frame;
}

const macOf = (mac) => mac.split(':').map((byte) => Number.parseInt(byte, 16));

/** RFC 1071 */
function checksum(bytes) {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
