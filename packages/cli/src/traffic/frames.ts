/* Frames of a flood: the program that sends them puts in forged addresses, and corrects the checksums. */

export interface Ends {
  /** Six bytes. */
  readonly toMac: Uint8Array;
  readonly fromMac: Uint8Array;
  /** IPv4, four bytes. */
  readonly to: Uint8Array;
}

const ETHERNET = 14;
const IPV4 = 20;
const TCP = 6;
const UDP = 17;
const SYN = 0x02;
/** Of a frame of the flood, by bpf/test/flood.bpf.c. */
export const FRAME_MAX = 106;
/** What a datagram may have in such a frame. */
export const PAYLOAD_MAX = FRAME_MAX - ETHERNET - IPV4 - 8;
/** The flood writes its random word into bytes 8 to 11. */
const PAYLOAD_MIN = 12;

/** A request for a new TCP connection. */
export function synFrame(ends: Ends, port: number): Buffer {
  const segment = Buffer.alloc(20);
  segment.writeUInt16BE(port, 2);
  segment[12] = 5 << 4;
  segment[13] = SYN;
  segment.writeUInt16BE(0xffff, 14);
  return frame(ends, TCP, segment, 16);
}

/** A datagram; its bytes 8 to 11 come random, so they are zero here. */
export function udpFrame(ends: Ends, port: number, payload: Uint8Array): Buffer {
  const body = Buffer.alloc(Math.max(payload.length, PAYLOAD_MIN));
  body.set(payload.subarray(0, PAYLOAD_MAX));
  body.fill(0, 8, 12);
  const datagram = Buffer.concat([Buffer.alloc(8), body]).subarray(0, 8 + PAYLOAD_MAX);
  datagram.writeUInt16BE(port, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  return frame(ends, UDP, datagram, 6);
}

/** From 0.0.0.0, for now. */
function frame({ toMac, fromMac, to }: Ends, protocol: number, segment: Buffer, checksumAt: number): Buffer {
  const bytes = Buffer.alloc(Math.max(ETHERNET + IPV4 + segment.length, 60));
  bytes.set(toMac, 0);
  bytes.set(fromMac, 6);
  bytes.writeUInt16BE(0x0800, 12);
  const ip = bytes.subarray(ETHERNET, ETHERNET + IPV4);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4 + segment.length, 2);
  ip[8] = 64;
  ip[9] = protocol;
  ip.set(to, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const pseudo = Buffer.from([0, 0, 0, 0, ...to, 0, protocol, 0, segment.length]);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), checksumAt);
  bytes.set(segment, ETHERNET + IPV4);
  return bytes;
}

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let i = 0; i < padded.length; i += 2) sum += padded.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
