import { createSocket } from 'node:dgram';
import koffi from 'koffi';
import { expect, it } from 'vitest';
import { sealPacket } from '../../src/datapath/framing.js';
import { inner } from '../support/programs.js';
import { innerAddress, Lab, outerAddress, PORT } from './lab.js';
import { until } from './wireguard-go.js';

const setsockopt = koffi
  .load(null)
  .func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
const IPPROTO_UDP = 17;
const UDP_SEGMENT = 103;

/* As wireguard-go and QUIC send: one large packet, which the kernel takes for several (GSO). */

it.each(['ipv4', 'ipv6'] as const)(
  'several packets that come as one are opened one by one, over %s',
  async (outer) => {
    using lab = await Lab.create({ suite: 'wireguard', outer });
    const { left } = lab.rekey();
    const received: Buffer[] = [];
    const lookup = ((host: string, ...rest: unknown[]) =>
      (rest.at(-1) as (error: null, address: string) => void)(null, host)) as never;
    const service = lab.right.namespace.run(() =>
      createSocket({ type: 'udp4', lookup }).bind(2, innerAddress('right', 'ipv4')),
    );
    service.on('message', (message) => received.push(message));
    const ip = { source: innerAddress('left', 'ipv4'), destination: innerAddress('right', 'ipv4') };
    const texts = Array.from({ length: 10 }, () => inner('ipv4', 500, { ip }));
    const packets = texts.map((text, i) =>
      sealPacket('wireguard', {
        key: left.sendKey,
        receiver: left.remoteIndex,
        counter: BigInt(i),
        text,
        mtu: 1420,
      }),
    );
    const type = outer === 'ipv4' ? 'udp4' : 'udp6';
    const sender = lab.left.namespace.run(() =>
      createSocket({ type, lookup }).bind(0, outerAddress('left', outer)),
    );
    const { fd } = (sender as unknown as { _handle: { fd: number } })._handle;
    const size = new Uint8Array(new Uint32Array([packets[0]!.length]).buffer);
    expect(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, size, 4)).toBe(0);
    sender.send(Buffer.concat(packets), PORT, outerAddress('right', outer));
    await until(() => received.length === packets.length);
    expect(received.map((each) => each.toString('hex'))).toEqual(
      texts.map((text) => Buffer.from(text.subarray(28)).toString('hex')),
    );
    expect(lab.right.dataPath.drops()).toEqual({});
    for (const socket of [service, sender]) socket.close();
  },
);
