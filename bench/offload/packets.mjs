import { randomBytes } from 'node:crypto';
import { SipHash128 } from '@cryptbpf/core/gate-client';
import { MACS, SERVER_ADDRESS } from '../lib/namespaces.mjs';

/* Requests for SHA-256 of 256 bytes, made by docs/protocols.md. */

export const PORT = 22310;
export const CLIENT = 7;
const DATA = 256;
const HEAD = 32;
const TAG = 16;
export const PAYLOAD = HEAD + DATA + TAG;
export const FRAME = 42 + PAYLOAD;

/** The payload of the request with that counter. */
export function request(counter, mac) {
  const bytes = Buffer.alloc(PAYLOAD);
  bytes.writeUInt32BE(0x0ff10ad0, 0);
  bytes.set([1, 1], 4);
  bytes.writeUInt32BE(CLIENT, 8);
  bytes.writeUInt16BE(1, 16);
  bytes.writeUInt32BE(DATA, 20);
  bytes.writeBigUInt64BE(counter, 24);
  randomBytes(DATA).copy(bytes, HEAD);
  mac.append(bytes, HEAD + DATA);
  return bytes;
}

/** A frame from the sender to the server, without a UDP checksum. */
export function frameOf(payload) {
  const frame = Buffer.alloc(42 + payload.length);
  const mac = (text) => Buffer.from(text.replaceAll(':', ''), 'hex');
  frame.set(mac(MACS.server), 0);
  frame.set(mac(MACS.sender), 6);
  frame.writeUInt16BE(0x0800, 12);
  frame.set([0x45, 0], 14);
  frame.writeUInt16BE(28 + payload.length, 16);
  frame.set([64, 17], 22);
  const ip = (text) => Buffer.from(text.split('.').map(Number));
  frame.set(ip('198.18.0.2'), 26);
  frame.set(ip(SERVER_ADDRESS), 30);
  frame.writeUInt16BE(checksum(frame.subarray(14, 34)), 24);
  frame.writeUInt16BE(40_000, 34);
  frame.writeUInt16BE(PORT, 36);
  frame.writeUInt16BE(8 + payload.length, 38);
  payload.copy(frame, 42);
  return frame;
}

function checksum(header) {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

export const macOf = (hex) => new SipHash128(Buffer.from(hex, 'hex'));
