import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { ChainSlot, features, interfaceIndex, networkNamespace, XdpChain } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawSocket } from '../../core/test/support/raw-socket.js';
import { frame } from '../../pow/test/support/packets.js';
import type { Session, Suite } from '../src/contract.js';
import { EarlyStages } from '../src/datapath/early.js';
import { defaultMtu, sealPacket } from '../src/datapath/framing.js';
import { innerAddress, Lab, outerAddress, PORT } from './e2e/lab.js';
import { inner } from './support/programs.js';

/* Real packets over a veth pair: what the early stage drops, a tap behind it does not see. */

const PIN_PATH = `/sys/fs/bpf/cryptbpf-tunnel-early-${process.pid}`;
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';
const isEmulated = process.env.CRYPTBPF_VM !== undefined;
const SUITES: readonly Suite[] = hasAes && !isEmulated ? ['wireguard', 'aes-256-gcm'] : ['wireguard'];
const UDP_PAYLOAD = 42;

afterAll(() => {
  if (existsSync(PIN_PATH)) rmdirSync(PIN_PATH);
});

describe.each(SUITES)('suite %s', (suite) => {
  let lab: Lab;
  let session: Session;
  let wire: RawSocket;
  let tap: RawSocket;
  let counter: bigint;
  let mac: Uint8Array;

  beforeAll(async () => {
    lab = await Lab.create({ suite, outer: 'ipv4', early: PIN_PATH });
    session = lab.rekey().right;
    wire = lab.left.namespace.openSocket('u0');
    tap = lab.right.namespace.openSocket('u0');
    counter = 1n << 20n;
    const [link] = JSON.parse(lab.right.namespace.exec('ip', '-json', 'link', 'show', 'u0'));
    mac = Buffer.from(link.address.replaceAll(':', ''), 'hex');
  });
  afterAll(() => {
    wire.close();
    tap.close();
    lab[Symbol.dispose]();
  });

  const sealed = (changes: { receiver?: number; counter?: bigint } = {}) => {
    const text = inner('ipv4', 100, {
      ip: { source: innerAddress('left', 'ipv4'), destination: innerAddress('right', 'ipv4') },
    });
    const { receiveKey: key, localIndex: receiver } = session;
    return sealPacket(suite, { key, receiver, counter: counter++, text, mtu: defaultMtu(suite), ...changes });
  };

  /** A frame of the left one's to the right one's port. */
  function outer(payload: Uint8Array, destination = outerAddress('right', 'ipv4')) {
    const ip = { source: outerAddress('left', 'ipv4'), destination };
    const bytes = frame({ ip, udp: { sourcePort: PORT, destinationPort: PORT }, payload });
    bytes.set(mac, 0);
    return bytes;
  }

  const isSame = (bytes: Uint8Array) => (other: Uint8Array) =>
    Buffer.from(bytes.subarray(UDP_PAYLOAD)).equals(Buffer.from(other.subarray(UDP_PAYLOAD)));

  function expectSeen(bytes: Uint8Array) {
    lab.right.dataPath.stayControlled();
    wire.send(bytes);
    expect(tap.receive(10_000, isSame(bytes))).toBeDefined();
  }

  /** One that is seen comes after it: it would have been seen before. */
  function expectDrop(reason: string, bytes: Uint8Array) {
    lab.right.dataPath.stayControlled();
    const before = lab.right.dataPath.drops() as Record<string, bigint>;
    tap.flush();
    const last = outer(sealed());
    wire.send(bytes);
    wire.send(last);
    const seen: Uint8Array[] = [];
    expect(tap.receive(10_000, (each) => seen.push(each) > 0 && isSame(last)(each))).toBeDefined();
    expect(seen.filter(isSame(bytes))).toEqual([]);
    const after = lab.right.dataPath.drops() as Record<string, bigint>;
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual([reason]);
    expect(after[reason]! - (before[reason] ?? 0n)).toBe(1n);
  }

  it('lets the tunnel and handshakes through, and drops what cannot be its own', () => {
    expect(lab.ping('ipv4')).toContain(' 1 received');
    const good = outer(sealed());
    expectSeen(good);
    expectDrop('DROP_REPLAY', good);
    expectDrop('DROP_REPLAY', outer(sealed({ counter: 1n })));
    expectDrop('DROP_TUNNEL_INDEX', outer(sealed({ receiver: 0x7777_7777 })));
    expectDrop('DROP_MESSAGE_LENGTH', outer(sealed().subarray(0, 15)));
    for (const [at, byte] of [
      [0, 0xff],
      [suite === 'wireguard' ? 1 : 6, 1],
    ] as const) {
      const bad = outer(sealed());
      bad[UDP_PAYLOAD + at] = byte;
      expectDrop('DROP_MESSAGE_TYPE', bad);
    }
    const initiation = outer(sealed());
    initiation[UDP_PAYLOAD + (suite === 'wireguard' ? 0 : 5)] = 1;
    expectSeen(initiation);
  });

  it('leaves alone what is on its way to others, and everything without a controller', () => {
    const { namespace } = lab.right;
    const unknown = () => sealed({ receiver: 0x7777_7777 });
    namespace.exec('sysctl', '-qw', 'net.ipv4.conf.u0.forwarding=1');
    namespace.exec('ip', 'route', 'add', '203.0.113.0/24', 'dev', 'u0');
    expectSeen(outer(unknown(), '203.0.113.1'));
    namespace.exec('sysctl', '-qw', 'net.ipv4.conf.u0.forwarding=0');
    expectDrop('DROP_TUNNEL_INDEX', outer(unknown()));
    lab.right.dataPath.maps.controlled_until_ns.set(0, 0n);
    const bytes = outer(unknown());
    wire.send(bytes);
    expect(tap.receive(10_000, isSame(bytes))).toBeDefined();
  });

  it('is one, and goes with its tunnel', () => {
    const { namespace, dataPath } = lab.right;
    namespace.run(() => {
      const second = new EarlyStages({ suite, listenPort: 1, maps: dataPath.maps, pinPath: PIN_PATH });
      expect(() => second.attach('u0')).toThrow(expect.objectContaining({ code: 'ERR_BUSY' }));
      expect(XdpChain.open('u0', { pinPath: PIN_PATH }).has(ChainSlot.CHAIN_TUNNEL)).toBe(true);
      dataPath.close();
    });
    const place = namespace.run(() => `${networkNamespace()}-${interfaceIndex('u0')}`);
    expect(readdirSync(PIN_PATH).filter((name) => name.endsWith(place))).toEqual([]);
  });
});
