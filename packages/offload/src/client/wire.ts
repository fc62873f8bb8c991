import { type SipHash128, TAG_LENGTH } from '@cryptbpf/core/gate-client';

/* Packets of requests and answers: docs/protocols.md. */

const MAGIC = 0x0ff1_0ad0;
const VERSION = 1;
export const HEAD_BYTES = 32;
export const BODY_MAX = 1344;
/** Of one operation, with what belongs to it: a signature, additional data, a nonce. */
export const DATA_MAX = 65_536;

export const PacketType = { request: 1, result: 2, error: 3 } as const;

/** By number. */
export const OPERATIONS = [
  'sha256',
  'hmac-sha256',
  'aes-256-gcm-seal',
  'aes-256-gcm-open',
  'ecdsa-p256-verify',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** By number. */
export const ROUTES = ['bpf', 'userspace', 'hardware'] as const;
export type Route = (typeof ROUTES)[number];

/** A head, and the data behind it, without padding. */
export interface Packet {
  readonly type: number;
  readonly operation: number;
  /** Of a result its route, of an error its number. */
  readonly detail: number;
  readonly client: number;
  readonly key: number;
  readonly segment: number;
  readonly segments: number;
  readonly counter: bigint;
  readonly data: Uint8Array;
}

/** The packet, its data padded with zeros to room bytes at least, and its tag. */
export function encodePacket(packet: Packet, room: number, mac: SipHash128): Uint8Array<ArrayBuffer> {
  const body = (Math.max(packet.data.length, room) + 3) & ~3;
  const bytes = new Uint8Array(HEAD_BYTES + body + TAG_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, packet.type);
  view.setUint8(6, packet.operation);
  view.setUint8(7, packet.detail);
  view.setUint32(8, packet.client);
  view.setUint16(12, packet.key);
  view.setUint16(14, packet.segment);
  view.setUint16(16, packet.segments);
  view.setUint32(20, packet.data.length);
  view.setBigUint64(24, packet.counter);
  bytes.set(packet.data, HEAD_BYTES);
  mac.append(bytes, HEAD_BYTES + body);
  return bytes;
}

/** undefined for what is no packet of this version, or whose tag does not hold. */
export function decodePacket(bytes: Uint8Array, mac: SipHash128): Packet | undefined {
  const end = bytes.length - TAG_LENGTH;
  if (end < HEAD_BYTES || end > HEAD_BYTES + BODY_MAX) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(20);
  if (view.getUint32(0) !== MAGIC || view.getUint8(4) !== VERSION || length > end - HEAD_BYTES)
    return undefined;
  if (!tagHolds(bytes, end, mac)) return undefined;
  return {
    type: view.getUint8(5),
    operation: view.getUint8(6),
    detail: view.getUint8(7),
    client: view.getUint32(8),
    key: view.getUint16(12),
    segment: view.getUint16(14),
    segments: view.getUint16(16),
    counter: view.getBigUint64(24),
    data: copy(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length)),
  };
}

/** Without a branch on bytes of the tag. */
function tagHolds(bytes: Uint8Array, end: number, mac: SipHash128): boolean {
  const own = copy(bytes);
  mac.append(own, end);
  let difference = 0;
  for (let i = end; i < bytes.length; i++) difference |= bytes[i]! ^ own[i]!;
  return difference === 0;
}

/** slice() of a Buffer is no copy. */
function copy(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}

/** Data in pieces, each of which fits a packet. */
export function segmentsOf(data: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(data.length / BODY_MAX));
  return Array.from({ length: count }, (_, i) => data.subarray(i * BODY_MAX, (i + 1) * BODY_MAX));
}
