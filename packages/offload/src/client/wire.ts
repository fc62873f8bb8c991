import { TAG_LENGTH } from '@cryptbpf/core/gate-client';
import type { PacketGuard } from './guard.js';

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

/** The packet, its data padded with zeros to room bytes at least, closed by the guard. */
export function encodePacket(packet: Packet, room: number, guard: PacketGuard): Uint8Array<ArrayBuffer> {
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
  guard.close(bytes, HEAD_BYTES + body);
  return bytes;
}

/** Whose packet it says it is; undefined for what is none of this version. */
export function clientOf(bytes: Uint8Array): number | undefined {
  const end = bytes.length - TAG_LENGTH;
  if (end < HEAD_BYTES || end > HEAD_BYTES + BODY_MAX) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== MAGIC || view.getUint8(4) !== VERSION) return undefined;
  return view.getUint32(8);
}

/** undefined for what is no packet of this version, or not what the guard closed. */
export function decodePacket(packet: Uint8Array, guard: PacketGuard): Packet | undefined {
  const client = clientOf(packet);
  if (client === undefined) return undefined;
  const bytes = Uint8Array.from(packet);
  const end = bytes.length - TAG_LENGTH;
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(20);
  if (length > end - HEAD_BYTES || !guard.open(bytes, end)) return undefined;
  return {
    type: view.getUint8(5),
    operation: view.getUint8(6),
    detail: view.getUint8(7),
    client,
    key: view.getUint16(12),
    segment: view.getUint16(14),
    segments: view.getUint16(16),
    counter: view.getBigUint64(24),
    data: bytes.slice(HEAD_BYTES, HEAD_BYTES + length),
  };
}

/** Data in pieces, each of which fits a packet. */
export function segmentsOf(data: Uint8Array): Uint8Array[] {
  const count = Math.max(1, Math.ceil(data.length / BODY_MAX));
  return Array.from({ length: count }, (_, i) => data.subarray(i * BODY_MAX, (i + 1) * BODY_MAX));
}
