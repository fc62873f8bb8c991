import { isMapped } from './address.js';

/*
 * UDP in IP in Ethernet, as it would come in from a peer: with it the controller runs the program that
 * is attached, for a peer who speaks HTTP. The one implementation of the exchange is the kernel's.
 */

const ETHERNET_BYTES = 14;
const UDP_BYTES = 8;

/** Documentation addresses (RFC 5737, RFC 3849): the gate answers at any address. */
const HERE_IPV4 = [192, 0, 2, 1];
const HERE_IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1];
const PEER_PORT = 49152;

/** A frame from source (16 bytes) to the gate's control port. */
export function buildFrame(source: Uint8Array, port: number, payload: Uint8Array): Uint8Array {
  const ip = isMapped(source)
    ? ipv4(source.subarray(12), UDP_BYTES + payload.length)
    : ipv6(source, UDP_BYTES + payload.length);
  const frame = new Uint8Array(ETHERNET_BYTES + ip.length + UDP_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint16(12, isMapped(source) ? 0x0800 : 0x86dd);
  frame.set(ip, ETHERNET_BYTES);
  const udp = ETHERNET_BYTES + ip.length;
  view.setUint16(udp, PEER_PORT);
  view.setUint16(udp + 2, port);
  view.setUint16(udp + 4, UDP_BYTES + payload.length);
  frame.set(payload, udp + UDP_BYTES);
  return frame;
}

/** The payload of the answer to such a frame. */
export function payloadOf(frame: Uint8Array, source: Uint8Array): Uint8Array {
  return frame.subarray(ETHERNET_BYTES + (isMapped(source) ? 20 : 40) + UDP_BYTES);
}

function ipv4(source: Uint8Array, length: number): Uint8Array {
  const header = new Uint8Array(20);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, header.length + length);
  view.setUint8(8, 64);
  view.setUint8(9, 17);
  header.set(source, 12);
  header.set(HERE_IPV4, 16);
  return header;
}

function ipv6(source: Uint8Array, length: number): Uint8Array {
  const header = new Uint8Array(40);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, length);
  view.setUint8(6, 17);
  view.setUint8(7, 64);
  header.set(source, 8);
  header.set(HERE_IPV6, 24);
  return header;
}
