import { concat } from './packets.js';

/* Messages to the gate, as docs/protocols.md lays them out. */

export const POW_MAGIC = 0x504f5721;

export interface Message {
  magic?: number;
  version?: number;
  type: number;
  status?: number;
  reserved?: number;
  transaction?: bigint;
}

export function message(header: Message, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(header.magic ?? POW_MAGIC);
  bytes[4] = header.version ?? 1;
  bytes[5] = header.type;
  bytes[6] = header.status ?? 0;
  bytes[7] = header.reserved ?? 0;
  bytes.writeBigUInt64BE(header.transaction ?? 0x0102030405060708n, 8);
  return concat(bytes, body);
}

export function hello(header: Partial<Message> = {}): Uint8Array {
  return message({ type: 1, ...header }, new Uint8Array(48));
}

export function proofMessage(
  challenge: Uint8Array,
  proof: Uint8Array,
  header: Partial<Message> = {},
): Uint8Array {
  return message({ type: 3, ...header }, concat(challenge, proof));
}
