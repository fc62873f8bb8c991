import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { CasError, cidOf, contentOf, Receiver } from '../src/client.js';

const random = new Random(77);
const DATA = random.bytes(400_123);

/** Shuffles, loses three in ten, and sends one in five twice. */
async function* overBadNetwork(packets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = [];
  const draw = () => queue.splice(random.below(queue.length), 1)[0]!;
  for await (const packet of packets) {
    if (random.below(10) < 3) continue;
    queue.push(packet);
    if (random.oneIn(5)) queue.push(packet.slice());
    if (queue.length > 64) yield draw();
  }
  while (queue.length > 0) yield draw();
}

describe('a receiver', () => {
  test('puts content together through 30 % loss, duplicates and reordering', async () => {
    const content = await contentOf(DATA);
    const receiver = new Receiver(`${content.cid}`);
    let rounds = 0;
    for (; !receiver.isComplete && rounds < 40; rounds++)
      for await (const packet of overBadNetwork(content.packets(receiver.missing())))
        await receiver.accept(packet);
    expect(Buffer.compare(receiver.bytes(), DATA)).toBe(0);
    expect(rounds).toBeGreaterThan(2);
    expect(receiver.missing()).toEqual([]);
  });

  test('knows what is missing', async () => {
    const content = await contentOf(DATA);
    const receiver = new Receiver(content.cid);
    expect([receiver.size, receiver.missingCount, receiver.isComplete]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    const had = [0, 1, 2, 17, 300, content.packetCount - 1];
    for (const first of had)
      for await (const packet of content.packets([{ first, end: first + 1 }])) {
        expect(await receiver.accept(packet)).toBe(true);
        expect(await receiver.accept(packet)).toBe(false);
      }
    expect(receiver.size).toBe(DATA.length);
    expect(receiver.missingCount).toBe(content.packetCount - had.length);
    expect(receiver.missing()).toEqual([
      { first: 3, end: 17 },
      { first: 18, end: 300 },
      { first: 301, end: content.packetCount - 1 },
    ]);
    expect(receiver.missing(1)).toEqual([{ first: 3, end: 17 }]);
    expect(() => receiver.bytes()).toThrow(/lacks 776 chunks/);
  });

  test('takes nothing that is not of its content, or not right', async () => {
    const content = await contentOf(DATA);
    const other = await contentOf(DATA.subarray(1));
    const receiver = new Receiver(content.cid);
    for await (const packet of other.packets([{ first: 0, end: 3 }]))
      expect(await receiver.accept(packet)).toBe(false);
    for await (const packet of content.packets([{ first: 0, end: 3 }])) {
      packet[100]! ^= 1;
      await expect(receiver.accept(packet)).rejects.toThrow(CasError);
    }
    expect(receiver.size).toBe(undefined);
  });

  test('takes content of one packet', async () => {
    const small = DATA.subarray(0, 100);
    const receiver = new Receiver(cidOf(small));
    for await (const packet of (await contentOf(small)).packets(receiver.missing()))
      await receiver.accept(packet);
    expect([receiver.bytes(), receiver.state()]).toEqual([small, undefined]);
  });

  test('has a limit', async () => {
    const content = await contentOf(DATA);
    const receiver = new Receiver(content.cid, { maxBytes: 400_122 });
    for await (const packet of content.packets([{ first: 0, end: 1 }]))
      await expect(receiver.accept(packet)).rejects.toMatchObject({ code: 'ERR_CAS_SIZE' });
    expect(receiver.size).toBe(undefined);
  });

  test('without hashing, of what the kernel let through, is as fast as copying', async () => {
    const content = await contentOf(DATA);
    const receiver = new Receiver(content.cid, { verify: false });
    for await (const packet of content.packets()) await receiver.accept(packet);
    expect(Buffer.compare(receiver.bytes(), DATA)).toBe(0);
  });
});

describe('files', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cryptbpf-cas-'));
    await writeFile(join(directory, 'from'), DATA);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('are sent by streaming, written in place, and resumed', async () => {
    const content = await contentOf((start, end) =>
      createReadStream(join(directory, 'from'), { start, end: end - 1 }),
    );
    const handle = await open(join(directory, 'to'), 'w+');
    const sink = {
      write: async (position: number, bytes: Uint8Array) =>
        void (await handle.write(bytes, 0, bytes.length, position)),
    };
    const first = new Receiver(content.cid, { sink });
    let count = 0;
    for await (const packet of overBadNetwork(content.packets())) {
      await first.accept(packet);
      if (++count === 200) break;
    }
    const state = first.state()!;

    const second = new Receiver(content.cid, { sink, state });
    expect(second.missing()).toEqual(first.missing());
    while (!second.isComplete)
      for await (const packet of overBadNetwork(content.packets(second.missing())))
        await second.accept(packet);
    await handle.close();
    expect(Buffer.compare(await readFile(join(directory, 'to')), DATA)).toBe(0);

    const bad = (bytes: Uint8Array) => () => new Receiver(content.cid, { sink, state: bytes });
    expect(bad(state.subarray(1))).toThrow(CasError);
    expect(bad(state.subarray(0, -1))).toThrow(/cut/);
    expect(bad(state.map((byte, i) => (i === 40 ? byte ^ 1 : byte)))).toThrow(/other content/);
    expect(() => new Receiver(cidOf(DATA), { sink, state })).toThrow(/other content/);
    expect(() => new Receiver(content.cid, { state })).toThrow(TypeError);
  });
});
