import { createDecipheriv } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frame, SYN } from '../../pow/test/support/packets.js';
import { defaultMtu } from '../src/datapath/framing.js';
import {
  type Family,
  HEADER_BYTES,
  INSIDE_THEM,
  INSIDE_US,
  inner,
  outer,
  PORT,
  Programs,
  TC_REDIRECTED,
  UDP_PAYLOAD,
} from './support/programs.js';

/* What the programs do to single fields of packets: DSCP and ECN, the MSS of a SYN, the endpoint. */

const SUITE = 'wireguard';
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const EF = 46;
const IP_BYTES: Record<Family, number> = { ipv4: 20, ipv6: 40 };

let programs: Programs;
let counter = 0n;
beforeAll(() => {
  programs = new Programs(SUITE);
});
afterAll(() => programs[Symbol.dispose]());

/** The byte of DSCP and ECN of an IP packet. */
function trafficClass(ip: Uint8Array): number {
  return ip[0]! >> 4 === 4 ? ip[1]! : ((ip[0]! & 15) << 4) | (ip[1]! >> 4);
}

/** The IPv4 checksum is made right again. */
function withClass(ip: Uint8Array, value: number): Uint8Array {
  const bytes = Uint8Array.from(ip);
  if (bytes[0]! >> 4 === 4) {
    bytes[1] = value;
    bytes.set([0, 0], 10);
    new DataView(bytes.buffer).setUint16(10, 0xffff - sum(bytes.subarray(0, 20)));
  } else {
    bytes[0] = 0x60 | (value >> 4);
    bytes[1] = ((value & 15) << 4) | (bytes[1]! & 15);
  }
  return bytes;
}

function sum(bytes: Uint8Array, start = 0): number {
  let total = start;
  for (let i = 0; i < bytes.length; i++) total += i % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** What comes out of the device after the peer has sent this. */
function received(
  text: Uint8Array,
  change: (packet: Uint8Array) => void = () => {},
  family: Family = 'ipv4',
) {
  const packet = programs.packet(text, counter++, { family });
  change(packet);
  const { verdict, packet: out } = programs.receive(packet);
  expect(verdict).toBe(TC_REDIRECTED);
  return out.subarray(14);
}

describe.each(FAMILIES)('inside %s', (inside) => {
  const fromUs = { ip: { source: INSIDE_US[inside], destination: INSIDE_THEM[inside] } };

  it.each(FAMILIES)('DSCP is not shown and ECN is, over %s', async (family) => {
    await programs.locate(family);
    programs.install();
    for (const ecn of [0, 1, 2, 3]) {
      const { verdict, packet } = programs.send(withClass(inner(inside, 100, fromUs), (EF << 2) | ecn));
      expect(verdict).toBe(TC_REDIRECTED);
      expect(trafficClass(packet.subarray(14))).toBe(ecn);
    }
  });

  it.each(FAMILIES)('congestion over %s is told to who knows ECN (RFC 6040)', (family) => {
    programs.install();
    counter = 0n;
    const congested = (packet: Uint8Array) => packet.set(withClass(packet.subarray(14), 3), 14);
    for (const [before, after] of [
      [0, 0],
      [1, 3],
      [2, 3],
      [3, 3],
    ] as const) {
      const text = withClass(inner(inside, 100), (EF << 2) | before);
      expect(received(text, congested, family)).toEqual(withClass(text, (EF << 2) | after));
      expect(received(text, () => {}, family)).toEqual(text);
    }
  });

  /** Of a SYN with these options. */
  function syn(
    options: Uint8Array,
    addresses = { source: INSIDE_THEM[inside], destination: INSIDE_US[inside] },
  ) {
    const tcp = { sourcePort: 1, destinationPort: 2, flags: SYN };
    const packet = frame({ ip: addresses, tcp, payload: options }).slice(14);
    const at = IP_BYTES[inside];
    packet[at + 12] = ((20 + options.length) / 4) << 4;
    packet.set([0, 0], at + 16);
    new DataView(packet.buffer).setUint16(at + 16, 0xffff - tcpSum(packet));
    return packet;
  }

  function tcpSum(packet: Uint8Array): number {
    const [at, addresses] = inside === 'ipv4' ? [20, 12] : [40, 8];
    return sum(packet.subarray(at), sum(packet.subarray(addresses, at), packet.length - at + 6));
  }

  const mss = (high: number) => [2, 4, high >> 8, high & 0xff];
  const fits = defaultMtu(SUITE) - IP_BYTES[inside] - 20;

  it.each([
    ['first', (value: number) => mss(value)],
    ['at an odd place', (value: number) => [1, ...mss(value), 1, 1, 1]],
    ['after others', (value: number) => [3, 3, 7, 4, 2, ...mss(value), 0, 0, 0]],
  ])('the MSS of a SYN is lowered to what fits, and no lower: %s', async (_, options) => {
    programs.install();
    counter = 0n;
    for (const value of [9000, 1460, fits + 1]) {
      const out = received(syn(Uint8Array.from(options(value))));
      expect(out).toEqual(syn(Uint8Array.from(options(fits))));
      expect(tcpSum(out)).toBe(0xffff);
    }
    for (const value of [fits, 536]) {
      const given = syn(Uint8Array.from(options(value)));
      expect(received(given)).toEqual(given);
    }
  });

  it('nor is it larger in what goes out', async () => {
    await programs.locate('ipv4');
    const { sendKey } = programs.install();
    const { packet } = programs.send(syn(Uint8Array.from(mss(1460)), fromUs.ip));
    const sealed = packet.subarray(UDP_PAYLOAD.ipv4);
    const cipher = 'chacha20-poly1305' as 'aes-256-gcm';
    const decipher = createDecipheriv(cipher, sendKey, new Uint8Array(12), { authTagLength: 16 });
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = decipher.update(sealed.subarray(HEADER_BYTES[SUITE], -16));
    decipher.final();
    const expected = syn(Uint8Array.from(mss(fits)), fromUs.ip);
    expect(Uint8Array.from(opened.subarray(0, expected.length))).toEqual(expected);
  });
});

it('a pinned endpoint stays where the operator said, though packets come from elsewhere', async () => {
  programs.peer.reset(true);
  await programs.locate('ipv4');
  programs.install();
  const before = programs.peer.endpoint();
  const payload = programs.packet(inner('ipv4', 8), 0n).subarray(UDP_PAYLOAD.ipv4);
  const ip = { source: '10.99.0.77', destination: '10.99.0.1' };
  const udp = { sourcePort: 7777, destinationPort: PORT };
  expect(programs.receive(outer(payload, 'ipv4', { ip, udp })).verdict).toBe(TC_REDIRECTED);
  expect(programs.peer.endpoint()).toEqual(before);
  expect(before).toMatchObject({ port: PORT });
});
