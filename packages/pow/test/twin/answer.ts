import { internetChecksum, pseudoHeader } from '../support/checksum.js';
import type { Packet } from './frame.js';

/* How a request goes back as its own answer. */

const TTL = 64;

/** What an answer says that only the gate which gave it knows. */
export interface Witness {
  salt: bigint;
  /** Unix milliseconds. */
  issued?: bigint;
  /** In seconds. */
  lifetime?: number;
}

export function witnessOf(reply: Uint8Array, packet: Packet): Witness {
  const view = new DataView(reply.buffer, reply.byteOffset + packet.transport + 8);
  return { issued: view.getBigUint64(24), salt: view.getBigUint64(32), lifetime: view.getUint32(16) };
}

/** The frame with its ends swapped, the given payload (as long as the old one), and checksums made anew. */
export function answer(frame: Uint8Array, packet: Packet, payload: Uint8Array): Uint8Array {
  const reply = frame.slice();
  const { version, ip, transport, end } = packet;
  const bytes = version === 4 ? 4 : 16;
  const addresses = version === 4 ? ip + 12 : ip + 8;
  swap(reply, 0, 6, 6);
  swap(reply, addresses, addresses + bytes, bytes);
  swap(reply, transport, transport + 2, 2);
  reply[version === 4 ? ip + 8 : ip + 7] = TTL;
  reply.set(payload, transport + 8);
  if (version === 4) setChecksum(reply, ip + 10, internetChecksum(reply.subarray(ip, ip + 20), 10));
  const pseudo = pseudoHeader(packet.destination, packet.source, 17, end - transport);
  const sum = internetChecksum(Buffer.concat([pseudo, reply.subarray(transport, end)]), pseudo.length + 6);
  setChecksum(reply, transport + 6, sum || 0xffff);
  return reply;
}

function setChecksum(frame: Uint8Array, at: number, sum: number): void {
  new DataView(frame.buffer, frame.byteOffset).setUint16(at, sum);
}

function swap(bytes: Uint8Array, a: number, b: number, length: number): void {
  const kept = bytes.slice(a, a + length);
  bytes.copyWithin(a, b, b + length);
  bytes.set(kept, b);
}
