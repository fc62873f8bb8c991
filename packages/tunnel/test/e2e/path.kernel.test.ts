import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { release } from 'node:os';
import { features } from '@cryptbpf/core';
import koffi from 'koffi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import { defaultMtu, sealPacket } from '../../src/datapath/framing.js';
import { generatePrivateKey } from '../../src/keys.js';
import { Tunnel } from '../../src/tunnel.js';
import { inner } from '../support/programs.js';
import {
  type Cable,
  type End,
  type Family,
  hasNetkit,
  innerAddress,
  Lab,
  type LabOptions,
  outerAddress,
  PORT,
} from './lab.js';
import { transfer } from './transfer.js';
import { until } from './wireguard-go.js';

const setsockopt = koffi
  .load(null)
  .func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
const IPPROTO_UDP = 17;
const UDP_SEGMENT = 103;

/* Real packets between two namespaces, under keys that no handshake made. */

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const ICMP_HEADERS = { ipv4: 28, ipv6: 48 };
const isSlow = process.env.CRYPTBPF_VM !== undefined;
const BULK = isSlow ? 20_000 : 5_000_000;

/** AES-256-GCM needs Linux 6.10. */
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';
/** Loading takes long where all is emulated. */
const OUTER: readonly Family[] = isSlow ? ['ipv6'] : FAMILIES;
const NEWEST_CABLE: Cable = hasNetkit() ? 'netkit' : 'veth';
const KINDS: readonly Pick<LabOptions, 'suite' | 'outer' | 'cable'>[] = OUTER.flatMap((outer) => [
  { suite: 'wireguard' as const, outer, cable: 'veth' as const },
  ...(hasAes ? [{ suite: 'aes-256-gcm' as const, outer, cable: NEWEST_CABLE }] : []),
]);

it('has both suites from Linux 6.10 on', () => {
  const [major, minor] = release().split('.').map(Number);
  expect(hasAes).toBe(major! > 6 || (major === 6 && minor! >= 10));
});

if (!hasAes)
  it('suite aes-256-gcm is refused by name, before 6.10, and leaves nothing', async () => {
    using namespace = Netns.create();
    const privateKey = generatePrivateKey('aes-256-gcm');
    const options = {
      name: 'cb0',
      suite: 'aes-256-gcm',
      address: ['10.80.0.1/24'],
      privateKey,
      peers: [],
    } as const;
    const refused = namespace.run(() => Tunnel.up(options));
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'ERR_NOT_SUPPORTED' }));
    await expect(refused).rejects.toThrow(/Linux 6\.10/);
    expect(namespace.ip('link')).not.toContain('cb0');
  });

describe.each(KINDS)('a tunnel of suite $suite over $outer, by $cable', ({ suite, outer, cable }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create({ suite, outer, cable });
    lab.rekey();
  });
  afterAll(() => {
    expect(lab.left.dataPath.drops()).toEqual({});
    expect(lab.right.dataPath.drops()).toEqual({});
    lab[Symbol.dispose]();
  });

  it.each(FAMILIES)('carries pings of %s, of all sizes up to the MTU and in fragments beyond', (family) => {
    const largest = defaultMtu(suite) - ICMP_HEADERS[family];
    const sizes = isSlow
      ? [0, 17, largest, largest + 1]
      : [0, 1, 15, 16, 17, largest - 1, largest, largest + 1, 4000];
    for (const size of sizes)
      expect(lab.ping(family, '-s', `${size}`), `${size} bytes`).toContain(' 1 received');
  });

  it.each(isSlow ? ['ipv4' as const] : FAMILIES)('carries TCP connections of %s', async (family) => {
    const { left, right } = lab;
    await expect(transfer(left, right, family, BULK)).resolves.toBe(BULK);
    if (!isSlow) await expect(transfer(right, left, family, BULK)).resolves.toBe(BULK);
  });

  /* As wireguard-go and QUIC send: one large packet, which the kernel takes for several (GSO). */
  it('opens several packets that come as one, one by one', async () => {
    const { left } = lab.rekey();
    const received: Buffer[] = [];
    const service = socketOf(lab.right, 'udp4', 2, innerAddress('right', 'ipv4'));
    service.on('message', (message) => received.push(message));
    const ip = { source: innerAddress('left', 'ipv4'), destination: innerAddress('right', 'ipv4') };
    const texts = Array.from({ length: 10 }, () => inner('ipv4', 500, { ip }));
    const packets = texts.map((text, i) =>
      sealPacket(suite, {
        key: left.sendKey,
        receiver: left.remoteIndex,
        counter: BigInt(1000 + i), // beyond those of other packets
        text,
        mtu: 1400,
      }),
    );
    const sender = socketOf(lab.left, outer === 'ipv4' ? 'udp4' : 'udp6', 0, outerAddress('left', outer));
    segment(sender, packets[0]!.length);
    sender.send(Buffer.concat(packets), PORT, outerAddress('right', outer));
    await until(() => received.length === packets.length);
    expect(received.map((each) => each.toString('hex'))).toEqual(
      texts.map((text) => Buffer.from(text.subarray(28)).toString('hex')),
    );
    for (const socket of [service, sender]) socket.close();
  });

  it('goes on under the next keys', () => {
    lab.rekey();
    expect(lab.ping('ipv4')).toContain(' 1 received');
  });
});

function socketOf(end: End, type: SocketType, port: number, address: string): Socket {
  const lookup = ((host: string, ...rest: unknown[]) =>
    (rest.at(-1) as (error: null, address: string) => void)(null, host)) as never;
  return end.namespace.run(() => createSocket({ type, lookup }).bind(port, address));
}

/** What it sends goes in packets of so many bytes. */
function segment(socket: Socket, bytes: number): void {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const size = new Uint8Array(new Uint32Array([bytes]).buffer);
  expect(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, size, size.length)).toBe(0);
}
