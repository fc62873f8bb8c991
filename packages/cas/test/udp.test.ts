import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { cidOf, contentOf, Receiver } from '../src/client.js';
import { receiveContent, sendContent } from '../src/udp.js';

const random = new Random(17);
const SMALL = random.bytes(700);
const LARGE = random.bytes(150_000);
const HOSTS = { ipv4: '127.0.0.1', ipv6: '::1' };

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function open(address: string, port = 0): Promise<Socket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 2 ** 22 });
  sockets.push(socket);
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

/** That nobody has. */
async function freePort(): Promise<number> {
  const socket = await open('::');
  const { port } = socket.address();
  sockets.splice(sockets.indexOf(socket), 1);
  socket.close();
  await once(socket, 'close');
  return port;
}

/** A way to that port, on which a third is lost, some comes twice, and some is changed. */
async function badWay(to: number): Promise<number> {
  const way = await open(HOSTS.ipv4);
  way.on('message', (packet) => {
    if (random.oneIn(3)) return;
    if (random.oneIn(10)) packet[random.below(packet.length)]! ^= 1;
    for (let n = random.oneIn(10) ? 2 : 1; n > 0; n--) way.send(packet, to, HOSTS.ipv4);
  });
  return way.address().port;
}

describe.each(Object.entries(HOSTS))('over %s', (_, host) => {
  test.each([
    ['one packet', SMALL],
    ['an object', LARGE],
  ])('%s arrives', async (_, bytes) => {
    const content = await contentOf(bytes);
    const receiver = new Receiver(content.cid);
    const port = await freePort();
    const sent: number[] = [];
    const onMissing = async (ranges: { first: number; end: number }[]) => {
      const onSent = (packets: number) => sent.push(packets);
      expect(await sendContent(content, { host, port, ranges, onSent })).toBe(sent.at(-1));
    };
    const { packets, wrong } = await receiveContent(receiver, { port, onMissing });
    expect(Buffer.compare(receiver.bytes(), bytes)).toBe(0);
    expect(packets).toBeGreaterThanOrEqual(content.packetCount);
    expect(wrong).toBe(0);
    expect(sent.slice(0, 3)).toEqual([1, 2, 3].slice(0, content.packetCount));
  });
});

test('what is lost or changed on the way is asked for again', async () => {
  const content = await contentOf(LARGE);
  const receiver = new Receiver(content.cid);
  const port = await freePort();
  const way = await badWay(port);
  let asked = 0;
  const onMissing = async (ranges: { first: number; end: number }[]) => {
    asked++;
    await sendContent(content, { host: HOSTS.ipv4, port: way, ranges, bytesPerSecond: 20e6 });
  };
  const { wrong } = await receiveContent(receiver, { port, address: HOSTS.ipv4, onMissing, quiet: 20 });
  expect(Buffer.compare(receiver.bytes(), LARGE)).toBe(0);
  expect(asked).toBeGreaterThan(1);
  expect(wrong).toBeGreaterThan(0);
});

test('a receiver goes on where it was ended, and is done at once when it has all', async () => {
  const content = await contentOf(LARGE);
  const receiver = new Receiver(content.cid);
  const port = await freePort();
  const controller = new AbortController();
  const half = [{ first: 0, end: 100 }];
  const first = receiveContent(receiver, {
    port,
    signal: controller.signal,
    quiet: 20,
    onMissing: async () => {
      if ((receiver.missingCount ?? content.packetCount) === content.packetCount - 100) controller.abort();
      else await sendContent(content, { host: HOSTS.ipv4, port, ranges: half });
    },
  });
  await expect(first).rejects.toThrow(/aborted/);
  const asked: unknown[] = [];
  const onMissing = async (ranges: { first: number; end: number }[]) => {
    asked.push(ranges);
    await sendContent(content, { host: HOSTS.ipv4, port, ranges });
  };
  await receiveContent(receiver, { port, onMissing });
  expect(asked[0]).toEqual([{ first: 100, end: content.packetCount }]);
  expect(Buffer.compare(receiver.bytes(), LARGE)).toBe(0);
  expect(await receiveContent(receiver, { port })).toEqual({ packets: 0, wrong: 0 });
});

describe('refused', () => {
  test('what the sink does not take ends it', async () => {
    const content = await contentOf(SMALL);
    const sink = { write: () => Promise.reject(new Error('the disk is full')) };
    const port = await freePort();
    const onMissing = () => sendContent(content, { host: HOSTS.ipv4, port }).then(() => {});
    const receiving = receiveContent(new Receiver(content.cid, { sink }), { port, onMissing });
    await expect(receiving).rejects.toThrow('the disk is full');
  });

  test('a port that somebody has, and hosts that are not there', async () => {
    const taken = await open('::');
    const receiving = receiveContent(new Receiver(cidOf(SMALL)), { port: taken.address().port });
    await expect(receiving).rejects.toMatchObject({ code: 'ERR_CAS_NETWORK' });
    const content = await contentOf(SMALL);
    const sending = sendContent(content, { host: 'nobody.invalid', port: 9 });
    await expect(sending).rejects.toMatchObject({ code: 'ERR_CAS_NETWORK' });
  });

  test('numbers that cannot be', async () => {
    const content = await contentOf(SMALL);
    await expect(sendContent(content, { host: HOSTS.ipv4, port: 65_536 })).rejects.toThrow(RangeError);
    const none = sendContent(content, { host: HOSTS.ipv4, port: 9, bytesPerSecond: 0 });
    await expect(none).rejects.toThrow(/bytesPerSecond is 0, expected/);
    await expect(receiveContent(new Receiver(content.cid), { port: -1 })).rejects.toThrow(RangeError);
    await expect(receiveContent(new Receiver(content.cid), { port: 9, quiet: 0 })).rejects.toThrow(
      RangeError,
    );
  });
});

test('a pace is kept', async () => {
  const content = await contentOf(LARGE);
  const { port } = (await open(HOSTS.ipv4)).address();
  let bytes = 0;
  for await (const packet of content.packets()) bytes += packet.length;
  const start = performance.now();
  await sendContent(content, { host: HOSTS.ipv4, port, bytesPerSecond: bytes * 4 });
  expect(performance.now() - start).toBeGreaterThan(220);
});

test('a transfer that is ended before it begins, or between packets, stops', async () => {
  const content = await contentOf(LARGE);
  const { port } = (await open(HOSTS.ipv4)).address();
  const options = { host: HOSTS.ipv4, port, bytesPerSecond: 100_000 };
  await expect(sendContent(content, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
  const controller = new AbortController();
  let sent = 0;
  const onSent = (packets: number) => {
    sent = packets;
    if (packets === 5) controller.abort();
  };
  await expect(sendContent(content, { ...options, signal: controller.signal, onSent })).rejects.toThrow(
    /aborted/,
  );
  expect(sent).toBe(5);
});
