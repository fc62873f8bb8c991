import { Reason } from '@cryptbpf/core';

/* From a frame to addresses and ports, as docs/protocols.md orders the checks. */

const VLAN = new Set([0x8100, 0x88a8]);
const VLAN_MAX = 2;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const FRAGMENT = 44;
/** Hop-by-hop, routing, fragment, destination options. */
const EXTENSIONS = new Set([0, 43, FRAGMENT, 60]);
const EXTENSIONS_MAX = 6;
export const TCP = 6;
export const UDP = 17;

/** A TCP or UDP packet; offsets count from the start of the frame. */
export interface Packet {
  version: 4 | 6;
  protocol: number;
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d. */
  source: Uint8Array;
  destination: Uint8Array;
  destinationPort: number;
  /** A SYN without ACK. */
  opens: boolean;
  firstFragment: boolean;
  /** IPv4 options or IPv6 extension headers. */
  options: boolean;
  ip: number;
  transport: number;
  /** Where the IP packet ends; the frame may be longer. */
  end: number;
}

type Network = Pick<
  Packet,
  'version' | 'protocol' | 'firstFragment' | 'options' | 'ip' | 'transport' | 'end'
>;

/** The packet, or why it is dropped or passed as it is. */
export function parseFrame(frame: Uint8Array): Packet | Reason {
  if (frame.length < 14) return Reason.DROP_TRUNCATED;
  let type = u16(frame, 12);
  let at = 14;
  for (let tags = 0; VLAN.has(type); tags++) {
    if (tags === VLAN_MAX) return Reason.DROP_VLAN_DEPTH;
    if (frame.length < at + 4) return Reason.DROP_TRUNCATED;
    type = u16(frame, at + 2);
    at += 4;
  }
  const network = type === IPV4 ? ipv4(frame, at) : type === IPV6 ? ipv6(frame, at) : Reason.PASS_NOT_IP;
  return typeof network === 'number' ? network : transport(frame, network);
}

function ipv4(frame: Uint8Array, ip: number): Network | Reason {
  if (frame.length < ip + 20) return Reason.DROP_TRUNCATED;
  const header = (frame[ip]! & 15) * 4;
  const total = u16(frame, ip + 2);
  if (frame[ip]! >> 4 !== 4 || header < 20 || total < header) return Reason.DROP_MALFORMED;
  if (frame.length < ip + total) return Reason.DROP_TRUNCATED;
  const fragment = u16(frame, ip + 6);
  if (fragment & 0x1fff) return Reason.PASS_LATER_FRAGMENT;
  return {
    version: 4,
    protocol: frame[ip + 9]!,
    firstFragment: (fragment & 0x2000) !== 0,
    options: header > 20,
    ip,
    transport: ip + header,
    end: ip + total,
  };
}

function ipv6(frame: Uint8Array, ip: number): Network | Reason {
  if (frame.length < ip + 40) return Reason.DROP_TRUNCATED;
  if (frame[ip]! >> 4 !== 6) return Reason.DROP_MALFORMED;
  const end = ip + 40 + u16(frame, ip + 4);
  if (frame.length < end) return Reason.DROP_TRUNCATED;
  let protocol = frame[ip + 6]!;
  let at = ip + 40;
  let firstFragment = false;
  for (let headers = 0; EXTENSIONS.has(protocol); headers++) {
    if (headers === EXTENSIONS_MAX) return Reason.DROP_EXTENSION_HEADERS;
    const length = protocol === FRAGMENT ? 8 : 8 + 8 * (frame[at + 1] ?? 0);
    if (end < at + 8 || end < at + length) return Reason.DROP_TRUNCATED;
    if (protocol === FRAGMENT && u16(frame, at + 2) >> 3) return Reason.PASS_LATER_FRAGMENT;
    if (protocol === FRAGMENT && frame[at + 3]! & 1) firstFragment = true;
    protocol = frame[at]!;
    at += length;
  }
  return { version: 6, protocol, firstFragment, options: at > ip + 40, ip, transport: at, end };
}

function transport(frame: Uint8Array, network: Network): Packet | Reason {
  const { protocol, transport, end } = network;
  if (protocol !== TCP && protocol !== UDP) return Reason.PASS_OTHER_PROTOCOL;
  if (end < transport + (protocol === TCP ? 20 : 8)) return Reason.DROP_TRUNCATED;
  return {
    ...network,
    ...addresses(frame, network),
    destinationPort: u16(frame, transport + 2),
    opens: protocol === TCP && (frame[transport + 13]! & 0x12) === 0x02,
  };
}

function addresses(frame: Uint8Array, { version, ip }: Network): Pick<Packet, 'source' | 'destination'> {
  if (version === 4) return { source: mapped(frame, ip + 12), destination: mapped(frame, ip + 16) };
  return { source: frame.slice(ip + 8, ip + 24), destination: frame.slice(ip + 24, ip + 40) };
}

function mapped(frame: Uint8Array, at: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...frame.subarray(at, at + 4));
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
