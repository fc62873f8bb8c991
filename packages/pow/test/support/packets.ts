import { addressBytes } from './addresses.js';
import { internetChecksum, pseudoHeader } from './checksum.js';

/* Frames for tests, as data: what is not given has a value that a plain packet would have. */

export interface Ip {
  source: string;
  destination: string;
  /** IPv4: a multiple of 4 bytes. */
  options?: Uint8Array;
  /** IPv6, in their order; a fragment header too. */
  extensions?: readonly Extension[];
  /** IPv4; offset in bytes. */
  fragment?: { offset: number; more: boolean };
  /** Instead of that of the transport. */
  protocol?: number;
  ttl?: number;
}

/** header: 0 hop-by-hop, 43 routing, 44 fragment, 60 destination options. bytes: of all but a fragment header. */
export interface Extension {
  header: number;
  bytes?: number;
  fragment?: { offset: number; more: boolean };
}

export interface Udp {
  sourcePort: number;
  destinationPort: number;
  /** Instead of the true one. */
  length?: number;
  checksum?: number;
}

export interface Tcp {
  sourcePort: number;
  destinationPort: number;
  flags: number;
}

export interface Frame {
  /** Outermost first; a number is the id of an 802.1Q tag. */
  vlan?: readonly (number | { id: number; type: number })[];
  /** Instead of that of the IP version. */
  etherType?: number;
  ip?: Ip;
  udp?: Udp;
  tcp?: Tcp;
  payload?: Uint8Array;
  /** Behind the IP packet. */
  trailer?: Uint8Array;
}

export const SYN = 0x02;
export const ACK = 0x10;

const MACS = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2);

export function frame(spec: Frame): Uint8Array {
  const isV6 = spec.ip?.source.includes(':') ?? false;
  const type = spec.etherType ?? (spec.ip ? (isV6 ? 0x86dd : 0x0800) : 0x0806);
  const tags = (spec.vlan ?? []).map((tag) => (typeof tag === 'number' ? { id: tag, type: 0x8100 } : tag));
  const ethernet = [MACS, ...tags.flatMap((tag) => [u16(tag.type), u16(tag.id)]), u16(type)];
  const network = spec.ip ? ip(spec.ip, isV6, spec) : (spec.payload ?? new Uint8Array(28));
  return concat(...ethernet, network, spec.trailer ?? empty);
}

/** The same frame with other bytes at some offsets. */
export function patch(bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = bytes.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  return copy;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

const empty = new Uint8Array();

function ip(spec: Ip, isV6: boolean, { udp: udpSpec, tcp: tcpSpec, payload = empty }: Frame): Uint8Array {
  const ends = [addressBytes(spec.source), addressBytes(spec.destination)] as const;
  const protocol = spec.protocol ?? (tcpSpec ? 6 : 17);
  const body = udpSpec
    ? udp(udpSpec, payload, ends, isV6)
    : tcpSpec
      ? tcp(tcpSpec, payload, ends, isV6)
      : payload;
  return isV6 ? ipv6(spec, ends, protocol, body) : ipv4(spec, ends, protocol, body);
}

type Ends = readonly [Uint8Array, Uint8Array];

function ipv4(spec: Ip, [source, destination]: Ends, protocol: number, body: Uint8Array): Uint8Array {
  const options = spec.options ?? empty;
  const header = Buffer.alloc(20 + options.length);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + body.length, 2);
  header.writeUInt16BE(0x1234, 4);
  if (spec.fragment) header.writeUInt16BE((spec.fragment.more ? 0x2000 : 0) | (spec.fragment.offset / 8), 6);
  header[8] = spec.ttl ?? 57;
  header[9] = protocol;
  header.set(source.subarray(12), 12);
  header.set(destination.subarray(12), 16);
  header.set(options, 20);
  header.writeUInt16BE(internetChecksum(header, 10), 10);
  return concat(header, body);
}

function ipv6(spec: Ip, [source, destination]: Ends, protocol: number, body: Uint8Array): Uint8Array {
  const extensions = spec.extensions ?? [];
  const chain = extensions.map((extension, i) => header6(extension, extensions[i + 1]?.header ?? protocol));
  const payload = concat(...chain, body);
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60012345);
  header.writeUInt16BE(payload.length, 4);
  header[6] = extensions[0]?.header ?? protocol;
  header[7] = spec.ttl ?? 57;
  header.set(source, 8);
  header.set(destination, 24);
  return concat(header, payload);
}

function header6({ header, bytes = 8, fragment }: Extension, next: number): Uint8Array {
  const data = Buffer.alloc(fragment ? 8 : bytes);
  data[0] = next;
  if (fragment) data.writeUInt16BE(fragment.offset | (fragment.more ? 1 : 0), 2);
  else if (header !== 44) data[1] = bytes / 8 - 1;
  return data;
}

function udp(spec: Udp, payload: Uint8Array, ends: Ends, isV6: boolean): Uint8Array {
  const datagram = Buffer.concat([Buffer.alloc(8), payload]);
  datagram.writeUInt16BE(spec.sourcePort, 0);
  datagram.writeUInt16BE(spec.destinationPort, 2);
  datagram.writeUInt16BE(spec.length ?? datagram.length, 4);
  datagram.writeUInt16BE(spec.checksum ?? (transportChecksum(datagram, 17, ends, isV6, 6) || 0xffff), 6);
  return datagram;
}

function tcp(spec: Tcp, payload: Uint8Array, ends: Ends, isV6: boolean): Uint8Array {
  const segment = Buffer.concat([Buffer.alloc(20), payload]);
  segment.writeUInt16BE(spec.sourcePort, 0);
  segment.writeUInt16BE(spec.destinationPort, 2);
  segment.writeUInt32BE(0x01020304, 4);
  segment[12] = 0x50;
  segment[13] = spec.flags;
  segment.writeUInt16BE(0xffff, 14);
  segment.writeUInt16BE(transportChecksum(segment, 6, ends, isV6, 16), 16);
  return segment;
}

/** RFC 768 and 9293 for IPv4, RFC 8200, 8.1 for IPv6. */
function transportChecksum(
  bytes: Uint8Array,
  protocol: number,
  [from, to]: Ends,
  isV6: boolean,
  skip: number,
) {
  const pseudo = isV6
    ? pseudoHeader(from, to, protocol, bytes.length)
    : concat(from.subarray(12), to.subarray(12), Uint8Array.of(0, protocol), u16(bytes.length));
  return internetChecksum(concat(pseudo, bytes), pseudo.length + skip);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
