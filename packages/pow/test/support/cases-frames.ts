import { Reason } from '@cryptbpf/core';
import type { Case } from './case.js';
import { control, fromPeer, STRANGER4, STRANGER6 } from './corpus.js';
import { hello } from './messages.js';
import { concat, type Extension, type Frame, frame, patch, SYN } from './packets.js';

/* Step 1 of docs/protocols.md: any frame, up to its ports. */

const V4 = fromPeer(STRANGER4);
const V6 = fromPeer(STRANGER6);
const WEB = { sourcePort: 40_000, destinationPort: 443 };
const OTHER = { sourcePort: 40_000, destinationPort: 444 };
const tcp = (more: Frame = {}) => frame({ ip: V4, tcp: { ...WEB, flags: SYN }, ...more });
const extended = (extensions: readonly Extension[]) => frame({ ip: { ...V6, extensions }, udp: WEB });
const times = (count: number, extension: Extension) => new Array<Extension>(count).fill(extension);
const DATA = new Uint8Array(16);
const IP = 14;

const passes = (reason: Reason) => ({ reasons: [reason], action: 'pass' }) as const;
const drops = (reason: Reason) => ({ reasons: [reason], action: 'drop' }) as const;

export const frameCases: readonly Case[] = [
  { name: 'passes ARP', frame: frame({}), ...passes(Reason.PASS_NOT_IP) },
  { name: 'passes ARP in a VLAN', frame: frame({ vlan: [5] }), ...passes(Reason.PASS_NOT_IP) },
  { name: 'passes frames of 802.3', frame: tcp({ etherType: 100 }), ...passes(Reason.PASS_NOT_IP) },
  {
    name: 'passes ICMP',
    frame: frame({ ip: { ...V4, protocol: 1 }, payload: DATA }),
    ...passes(Reason.PASS_OTHER_PROTOCOL),
  },
  {
    name: 'passes ICMPv6',
    frame: frame({ ip: { ...V6, protocol: 58 }, payload: DATA }),
    ...passes(Reason.PASS_OTHER_PROTOCOL),
  },
  {
    name: 'passes an IPv6 packet that ends in no next header',
    frame: frame({ ip: { ...V6, protocol: 59 } }),
    ...passes(Reason.PASS_OTHER_PROTOCOL),
  },
  {
    name: 'passes a later IPv4 fragment, whatever it holds',
    frame: frame({ ip: { ...V4, protocol: 6, fragment: { offset: 8, more: true } } }),
    ...passes(Reason.PASS_LATER_FRAGMENT),
  },
  {
    name: 'passes a later IPv6 fragment, whatever it holds',
    frame: extended([{ header: 0 }, { header: 44, fragment: { offset: 8, more: true } }]),
    ...passes(Reason.PASS_LATER_FRAGMENT),
  },
  {
    name: 'passes TCP to an open port',
    frame: tcp({ tcp: { ...OTHER, flags: SYN } }),
    ...passes(Reason.PASS_UNPROTECTED),
  },
  {
    name: 'passes UDP to a port that is protected for TCP alone',
    frame: frame({ ip: V4, udp: { ...WEB, destinationPort: 80 } }),
    setup: { tcpPorts: [80] },
    ...passes(Reason.PASS_UNPROTECTED),
  },
  {
    name: 'passes a first fragment to an open port',
    frame: frame({ ip: { ...V4, fragment: { offset: 0, more: true } }, udp: OTHER }),
    ...passes(Reason.PASS_UNPROTECTED),
  },
  {
    name: 'passes TCP to the control port',
    frame: frame({ ip: V4, tcp: { sourcePort: 1, destinationPort: 22305, flags: SYN } }),
    ...passes(Reason.PASS_UNPROTECTED),
  },

  { name: 'drops an IPv4 header cut short', frame: tcp().slice(0, IP + 19), ...drops(Reason.DROP_TRUNCATED) },
  {
    name: 'drops an IPv6 header cut short',
    frame: extended([]).slice(0, IP + 39),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a VLAN tag cut short',
    frame: tcp({ vlan: [5] }).slice(0, 17),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a frame that is shorter than its IPv4 packet',
    frame: tcp({ payload: DATA }).slice(0, -1),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a frame that is shorter than its IPv6 packet',
    frame: control(STRANGER6, hello()).slice(0, -1),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a TCP header that the IPv4 packet cuts short',
    frame: patch(tcp(), { [IP + 3]: 39 }),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a UDP header that the IPv6 packet cuts short',
    frame: patch(extended([]), { [IP + 5]: 7 }),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops a first fragment without all of its TCP header',
    frame: frame({ ip: { ...V4, protocol: 6, fragment: { offset: 0, more: true } }, payload: DATA }),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops an extension header that is longer than its packet',
    frame: patch(extended([{ header: 60 }]), { [IP + 41]: 3 }),
    ...drops(Reason.DROP_TRUNCATED),
  },
  {
    name: 'drops an extension header of which there is nothing',
    frame: frame({ ip: { ...V6, protocol: 60 } }),
    ...drops(Reason.DROP_TRUNCATED),
  },

  {
    name: 'drops version 5 behind the type of IPv4',
    frame: patch(tcp(), { [IP]: 0x55 }),
    ...drops(Reason.DROP_MALFORMED),
  },
  {
    name: 'drops IPv6 behind the type of IPv4',
    frame: patch(extended([]), { 12: 8, 13: 0 }),
    ...drops(Reason.DROP_MALFORMED),
  },
  {
    name: 'drops IPv4 behind the type of IPv6',
    frame: patch(tcp(), { 12: 0x86, 13: 0xdd }),
    ...drops(Reason.DROP_MALFORMED),
  },
  {
    name: 'drops an IPv4 header of 16 bytes',
    frame: patch(tcp(), { [IP]: 0x44 }),
    ...drops(Reason.DROP_MALFORMED),
  },
  {
    name: 'drops an IPv4 header that is longer than its packet',
    frame: patch(tcp(), { [IP]: 0x4f }),
    ...drops(Reason.DROP_MALFORMED),
  },
  {
    name: 'drops an empty IPv4 packet',
    frame: patch(tcp(), { [IP + 3]: 0 }),
    ...drops(Reason.DROP_MALFORMED),
  },

  { name: 'drops three VLAN tags', frame: tcp({ vlan: [1, 2, 3] }), ...drops(Reason.DROP_VLAN_DEPTH) },
  {
    name: 'drops a third tag, even if it is cut short',
    frame: tcp({ vlan: [1, 2, 3] }).slice(0, 23),
    ...drops(Reason.DROP_VLAN_DEPTH),
  },
  {
    name: 'drops seven extension headers',
    frame: extended(times(7, { header: 60 })),
    ...drops(Reason.DROP_EXTENSION_HEADERS),
  },
  {
    name: 'looks behind six extension headers',
    frame: extended(times(6, { header: 60 })),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'looks behind a fragment header of a whole packet',
    frame: extended([
      { header: 44, fragment: { offset: 0, more: false } },
      { header: 43, bytes: 24 },
    ]),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'looks behind IPv4 options',
    frame: tcp({ ip: { ...V4, options: DATA } }),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  { name: 'looks behind one VLAN tag', frame: tcp({ vlan: [5] }), ...drops(Reason.DROP_NOT_ADMITTED) },
  {
    name: 'looks behind a service tag and a VLAN tag',
    frame: tcp({ vlan: [{ id: 1, type: 0x88a8 }, 2] }),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'takes no notice of bytes behind the packet',
    frame: concat(tcp(), DATA),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
];
