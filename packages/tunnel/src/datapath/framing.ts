import { createCipheriv } from 'node:crypto';
import type { Suite } from '../contract.js';

/* Data packets as user space makes them: keepalives, and those that waited for a session. */

const TAG_BYTES = 16;
const PADDING = 16;

interface Framing {
  readonly cipher: 'chacha20-poly1305' | 'aes-256-gcm';
  readonly littleEndian: boolean;
  /** What comes before the receiver's index. */
  readonly start: Uint8Array;
  readonly bindsHeader: boolean;
}

const FRAMINGS: Record<Suite, Framing> = {
  wireguard: {
    cipher: 'chacha20-poly1305',
    littleEndian: true,
    start: Uint8Array.of(4, 0, 0, 0),
    bindsHeader: false,
  },
  'aes-256-gcm': {
    cipher: 'aes-256-gcm',
    littleEndian: false,
    start: Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 4, 0, 0),
    bindsHeader: true,
  },
};

export interface DataPacket {
  readonly key: Uint8Array;
  readonly receiver: number;
  readonly counter: bigint;
  readonly text: Uint8Array;
  /** Bytes of text up to which it is padded. */
  readonly mtu: number;
}

export function sealPacket(suite: Suite, { key, receiver, counter, text, mtu }: DataPacket): Uint8Array {
  const framing = FRAMINGS[suite];
  const header = headerOf(framing, receiver, counter);
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, counter, framing.littleEndian);
  const cipher = createCipheriv(framing.cipher as 'aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  if (framing.bindsHeader) cipher.setAAD(header);
  const sealed = cipher.update(padded(text, mtu));
  cipher.final();
  return Buffer.concat([header, sealed, cipher.getAuthTag()]);
}

function headerOf({ start, littleEndian }: Framing, receiver: number, counter: bigint): Uint8Array {
  const header = new Uint8Array(start.length + 12);
  const view = new DataView(header.buffer);
  header.set(start);
  view.setUint32(start.length, receiver, littleEndian);
  view.setBigUint64(start.length + 4, counter, littleEndian);
  return header;
}

const UNDERLAY_MTU = 1500;
const IPV6_AND_UDP_BYTES = 48;

/** What fits an underlay of 1500 bytes, also over IPv6: 1420 for suite wireguard, 1416 for aes-256-gcm. */
export function defaultMtu(suite: Suite): number {
  return UNDERLAY_MTU - IPV6_AND_UDP_BYTES - packetBytes(suite, 0, 0);
}

/** Of the UDP payload. */
export function packetBytes(suite: Suite, textBytes: number, mtu: number): number {
  return FRAMINGS[suite].start.length + 12 + paddedLength(textBytes, mtu) + TAG_BYTES;
}

function paddedLength(length: number, mtu: number): number {
  return Math.max(length, Math.min(mtu, Math.ceil(length / PADDING) * PADDING));
}

function padded(text: Uint8Array, mtu: number): Uint8Array {
  const bytes = new Uint8Array(paddedLength(text.length, mtu));
  bytes.set(text);
  return bytes;
}
