import { createDecipheriv } from 'node:crypto';
import { features } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Suite } from '../src/contract.js';
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
  TC_DROPPED,
  TC_PASSED,
  TC_REDIRECTED,
  toUs,
  UDP_PAYLOAD,
} from './support/programs.js';

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';
const SUITES: readonly Suite[] = hasAes ? ['wireguard', 'aes-256-gcm'] : ['wireguard'];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Opens a data packet by node:crypto alone, from the document of the protocol. */
function openByNode(suite: Suite, key: Uint8Array, packet: Uint8Array) {
  const view = new DataView(packet.buffer, packet.byteOffset);
  const isWireguard = suite === 'wireguard';
  const header = packet.subarray(0, HEADER_BYTES[suite]);
  const receiver = isWireguard ? view.getUint32(4, true) : view.getUint32(8);
  const counter = isWireguard ? view.getBigUint64(8, true) : view.getBigUint64(12);
  expect(Buffer.from(header.subarray(0, isWireguard ? 4 : 8)).toString('hex')).toBe(
    isWireguard ? '04000000' : 'deadbeef01040000',
  );
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, counter, isWireguard);
  const cipher = isWireguard ? 'chacha20-poly1305' : suite;
  const decipher = createDecipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 });
  if (!isWireguard) decipher.setAAD(header);
  decipher.setAuthTag(packet.subarray(-16));
  const text = decipher.update(packet.subarray(header.length, -16));
  decipher.final();
  return { receiver, counter, text };
}

const isEmulated = process.env.CRYPTBPF_VM !== undefined;

describe.each(SUITES)('suite %s', (suite) => {
  let programs: Programs;
  beforeAll(() => {
    programs = new Programs(suite);
  });
  afterAll(() => programs[Symbol.dispose]());

  const mtu = defaultMtu(suite);
  const fromUs = (family: Family) => ({
    ip: { source: INSIDE_US[family], destination: INSIDE_THEM[family] },
  });

  it.each(FAMILIES)('seals what node:crypto opens, over %s', async (family) => {
    await programs.locate(family);
    const session = programs.install();
    const headers = { ipv4: 28, ipv6: 48 };
    let counter = 0n;
    for (const inside of FAMILIES) {
      const [shortest, edges] = [headers[inside], [65, mtu - 1]];
      for (const length of isEmulated ? edges : [shortest, 63, 64, ...edges, 512, mtu - 17, mtu]) {
        if (length < headers[inside]) continue;
        const packet = inner(inside, length - headers[inside], fromUs(inside));
        const { verdict, packet: out } = programs.send(packet);
        expect(verdict).toBe(TC_REDIRECTED);
        const opened = openByNode(suite, session.sendKey, out.subarray(UDP_PAYLOAD[family]));
        expect(opened).toMatchObject({ receiver: session.remoteIndex, counter: counter++ });
        expect(opened.text.length).toBe(Math.min(mtu, Math.ceil(length / 16) * 16));
        expect(hex(opened.text.subarray(0, length))).toBe(hex(packet));
        expect(opened.text.subarray(length).every((byte) => byte === 0)).toBe(true);
        expectOuter(out, family);
      }
    }
  });

  it.each(FAMILIES)('opens what node:crypto sealed, over %s', (family) => {
    programs.install();
    let counter = 0n;
    for (const inside of FAMILIES) {
      for (const bytes of isEmulated ? [0, 17, 1300] : [0, 1, 15, 16, 17, 500, 1300]) {
        const packet = inner(inside, bytes);
        const { verdict, packet: out } = programs.receive(programs.packet(packet, counter++, { family }));
        expect(verdict).toBe(TC_REDIRECTED);
        expect(hex(out.subarray(14))).toBe(hex(packet));
        expect(new DataView(out.buffer, out.byteOffset).getUint16(12)).toBe(
          inside === 'ipv4' ? 0x0800 : 0x86dd,
        );
      }
    }
  });

  /** Runs what must be dropped, for this reason. */
  function expectDrop(reason: string, run: () => { verdict: number }) {
    const before = programs.dataPath.drops() as Record<string, bigint>;
    expect(run().verdict).toBe(TC_DROPPED);
    const after = programs.dataPath.drops() as Record<string, bigint>;
    const grown = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(grown).toEqual([reason]);
  }

  describe('drops', () => {
    const text = () => inner('ipv4', 100);

    it('what was changed anywhere behind the counter, and takes it as it was afterwards', () => {
      programs.install();
      const good = programs.packet(text(), 0n);
      for (let at = UDP_PAYLOAD.ipv4 + HEADER_BYTES[suite]; at < good.length; at += isEmulated ? 41 : 7) {
        const bad = Uint8Array.from(good);
        bad[at]! ^= 0x10;
        expectDrop('DROP_TUNNEL_FORGED', () => programs.receive(bad));
      }
      expect(programs.receive(good).verdict).toBe(TC_REDIRECTED);
    });

    it('what has another counter than it was sealed with', () => {
      programs.install();
      const bad = programs.packet(text(), 5n);
      const lowest = suite === 'wireguard' ? 8 : 1;
      bad[UDP_PAYLOAD.ipv4 + HEADER_BYTES[suite] - lowest]! ^= 1;
      expectDrop('DROP_TUNNEL_FORGED', () => programs.receive(bad));
    });

    it('what comes twice, or too late', () => {
      programs.install();
      const first = programs.packet(text(), 0n);
      expect(programs.receive(first).verdict).toBe(TC_REDIRECTED);
      expectDrop('DROP_REPLAY', () => programs.receive(first));
      expect(programs.receive(programs.packet(text(), 9000n)).verdict).toBe(TC_REDIRECTED);
      expect(programs.receive(programs.packet(text(), 9000n - 8191n)).verdict).toBe(TC_REDIRECTED);
      expectDrop('DROP_REPLAY', () => programs.receive(programs.packet(text(), 9000n - 8192n)));
      expectDrop('DROP_REPLAY', () => programs.receive(programs.packet(text(), 1n)));
    });

    it('an index that no session has, and one whose session was replaced', () => {
      const old = programs.install();
      const strange = programs.packet(text(), 1n, { session: { ...old, localIndex: 0xdead } });
      expectDrop('DROP_TUNNEL_INDEX', () => programs.receive(strange));
      const late = programs.packet(text(), 7n);
      programs.install();
      expect(programs.receive(programs.packet(text(), 8n, { session: old })).verdict).toBe(TC_REDIRECTED);
      programs.install();
      expectDrop('DROP_TUNNEL_INDEX', () => programs.receive(late));
    });

    it('what is shorter or longer than it says', () => {
      programs.install();
      const payload = programs.packet(text(), 3n).subarray(UDP_PAYLOAD.ipv4);
      const udp = { sourcePort: PORT, destinationPort: PORT, length: payload.length };
      expectDrop('DROP_MALFORMED', () => programs.receive(outer(payload, 'ipv4', { udp })));
      expectDrop('DROP_TUNNEL_FORGED', () => programs.receive(outer(payload.subarray(0, -1), 'ipv4')));
    });

    it('the first fragment of a packet', () => {
      programs.install();
      const payload = programs.packet(text(), 3n).subarray(UDP_PAYLOAD.ipv4);
      const ip = { source: '10.99.0.2', destination: '10.99.0.1', fragment: { offset: 0, more: true } };
      expectDrop('DROP_FRAGMENT', () => programs.receive(outer(payload, 'ipv4', { ip })));
    });

    it('what was sealed by the peer, but is not from one of its addresses, or no IP packet', () => {
      programs.install();
      const foreign = inner('ipv4', 8, { ip: { source: '10.7.0.3', destination: INSIDE_US.ipv4 } });
      expectDrop('DROP_TUNNEL_SOURCE', () => programs.receive(programs.packet(foreign, 0n)));
      expectDrop('DROP_TUNNEL_INNER', () => programs.receive(programs.packet(new Uint8Array(64), 1n)));
      const longer = text().subarray(0, -40);
      expectDrop('DROP_TUNNEL_INNER', () => programs.receive(programs.packet(longer, 2n)));
    });

    it('on the way out, what is for nobody, or for a peer without a session', async () => {
      await programs.locate('ipv4');
      programs.install();
      const nobody = inner('ipv4', 8, { ip: { source: INSIDE_US.ipv4, destination: '10.7.0.9' } });
      expectDrop('DROP_TUNNEL_NO_PEER', () => programs.send(nobody));
      expectDrop('DROP_TUNNEL_INNER', () => programs.send(new Uint8Array(60), 0x0806));
      programs.peer.clear();
      expectDrop('DROP_TUNNEL_NO_SESSION', () => programs.send(inner('ipv4', 8, fromUs('ipv4'))));
      expectDrop('DROP_TUNNEL_INDEX', () => programs.receive(programs.packet(text(), 0n)));
    });
  });

  it.each(FAMILIES)('tells who sends %s packets how much fits the way to the peer', async (family) => {
    await programs.locate('ipv4');
    programs.install();
    programs.namespace.ip('link', 'set', 'u0', 'mtu', '1300');
    const packet = inner(family, 1300, fromUs(family));
    const { packet: answer } = programs.send(packet);
    programs.namespace.ip('link', 'set', 'u0', 'mtu', '1500');
    const fits = Math.floor((1300 - 28 - HEADER_BYTES[suite] - 16) / 16) * 16;
    const icmp = answer.subarray(family === 'ipv4' ? 34 : 54);
    expect([...icmp.subarray(0, 2)]).toEqual(family === 'ipv4' ? [3, 4] : [2, 0]);
    expect(new DataView(icmp.buffer, icmp.byteOffset).getUint32(4)).toBe(fits);
    expect(hex(icmp.subarray(8))).toBe(hex(packet.subarray(0, 512)));
    expect(sum(icmp, family === 'ipv4' ? 0 : sum(answer.subarray(22, 54), icmp.length + 58))).toBe(0xffff);
    expect(programs.dataPath.drops()).toHaveProperty('DROP_TUNNEL_TOO_BIG');
  });

  it('leaves to the stack what is no data for its port', () => {
    programs.install();
    const data = programs.packet(inner('ipv4', 8), 0n).subarray(UDP_PAYLOAD.ipv4);
    const initiation = Uint8Array.from(data);
    initiation[suite === 'wireguard' ? 0 : 5] = 1;
    const elsewhere = { sourcePort: PORT, destinationPort: PORT + 1 };
    const passed = [
      outer(initiation, 'ipv4'),
      outer(data, 'ipv4', { udp: elsewhere }),
      outer(data.subarray(0, 20), 'ipv4'),
      toUs({ ip: { source: '10.99.0.2', destination: '10.99.0.1' }, payload: data }),
      toUs({ etherType: 0x0806, payload: new Uint8Array(28) }),
    ];
    for (const packet of passed) expect(programs.receive(packet).verdict).toBe(TC_PASSED);
  });

  it('sends by a session that the peer began only when its first packet has come', async () => {
    await programs.locate('ipv4');
    const first = programs.install();
    const second = programs.install({ initiator: false });
    const sentBy = () => {
      const { packet } = programs.send(inner('ipv4', 8, fromUs('ipv4')));
      const view = new DataView(packet.buffer, packet.byteOffset + UDP_PAYLOAD.ipv4);
      return suite === 'wireguard' ? view.getUint32(4, true) : view.getUint32(8);
    };
    expect(sentBy()).toBe(first.remoteIndex);
    expect(programs.receive(programs.packet(new Uint8Array(), 0n)).verdict).toBe(TC_DROPPED);
    expect(sentBy()).toBe(second.remoteIndex);
  });

  it('follows the peer to where its packets come from', () => {
    programs.install();
    const payload = programs.packet(inner('ipv4', 8), 0n).subarray(UDP_PAYLOAD.ipv4);
    const ip = { source: '10.99.0.77', destination: '10.99.0.1' };
    const udp = { sourcePort: 7777, destinationPort: PORT };
    const forged = Uint8Array.from(payload);
    forged[forged.length - 1]! ^= 1;
    programs.receive(outer(forged, 'ipv4', { ip, udp }));
    expect(programs.peer.endpoint()).not.toMatchObject({ address: '10.99.0.77' });
    expect(programs.receive(outer(payload, 'ipv4', { ip, udp })).verdict).toBe(TC_REDIRECTED);
    expect(programs.peer.endpoint()).toEqual({ address: '10.99.0.77', port: 7777 });
  });
});

/** What checksums are made of. */
function sum(bytes: Uint8Array, start = 0): number {
  let total = start;
  for (let i = 0; i < bytes.length; i++) total += i % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** IP and UDP headers are right, and say nothing of what is inside. */
function expectOuter(packet: Uint8Array, family: Family) {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (family === 'ipv4') {
    expect(sum(packet.subarray(14, 34))).toBe(0xffff);
    expect(view.getUint16(16)).toBe(packet.length - 14);
    expect(view.getUint16(20)).toBe(0x4000);
    expect(view.getUint16(40)).toBe(0);
    expect(view.getUint8(15)).toBe(0);
  } else {
    const length = packet.length - 54;
    expect(view.getUint16(18)).toBe(length);
    expect(sum(packet.subarray(22), length + 17)).toBe(0xffff);
  }
}
