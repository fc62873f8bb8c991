import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { serviceError } from '../src/client/errors.js';
import { TagGuard } from '../src/client/guard.js';
import { clientKeys } from '../src/client/keys.js';
import { decodePacket, encodePacket, segmentsOf } from '../src/client/wire.js';
import { OffloadClient } from '../src/client.js';

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const chapter = /### Vectors of operations[\s\S]*?```\n([\s\S]*?)```/.exec(specification)![1]!;
const vector = (name: string) => new RegExp(`^${name} += (.*)$`, 'm').exec(chapter)![1]!;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (value: string) => new TextEncoder().encode(value);

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const COUNTER = 1_700_000_000_000_000n;
const HEAD = { operation: 0, client: 7, key: 0, segment: 0, segments: 1, counter: COUNTER };
const DIGEST = Buffer.from('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 'hex');

describe('the vectors of docs/protocols.md', () => {
  const { request, reply } = clientKeys(SECRET);

  test('keys', () => {
    expect([hex(request), hex(reply)]).toEqual([vector('request key'), vector('reply key')]);
  });

  test('packets', () => {
    const asked = encodePacket(
      { ...HEAD, type: 1, detail: 0, data: text('hello') },
      32,
      new TagGuard(request),
    );
    const mac = new TagGuard(reply);
    const result = encodePacket({ ...HEAD, type: 2, detail: 0, data: DIGEST }, 0, mac);
    const error = encodePacket({ ...HEAD, type: 3, detail: 4, data: new Uint8Array() }, 0, mac);
    expect([hex(asked), hex(result), hex(error)]).toEqual([
      vector('REQUEST'),
      vector('RESULT'),
      vector('ERROR 4'),
    ]);
  });
});

describe('packets', () => {
  const mac = new TagGuard(SECRET.slice(0, 16));
  const packet = { ...HEAD, type: 2, detail: 1, data: text('some data') };

  test('come out as they went in, padded to whole words', () => {
    const bytes = encodePacket(packet, 0, mac);
    expect(bytes.length).toBe(32 + 12 + 16);
    expect(decodePacket(bytes, mac)).toEqual(packet);
  });

  test('are refused with any bit changed, and when they are cut', () => {
    const bytes = encodePacket(packet, 0, mac);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodePacket(changed, mac)).toBeUndefined();
      expect(decodePacket(Uint8Array.from(changed), mac)).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length++)
      expect(decodePacket(bytes.subarray(0, length), mac)).toBeUndefined();
  });

  test('of large data are as many as are needed', () => {
    expect(segmentsOf(new Uint8Array()).map(({ length }) => length)).toEqual([0]);
    expect(segmentsOf(new Uint8Array(1345)).map(({ length }) => length)).toEqual([1344, 1]);
  });
});

describe('the client', () => {
  const sent: Uint8Array[] = [];
  const { request, reply } = clientKeys(SECRET);
  const answer = new TagGuard(reply);
  const open = (timeout = 60_000) =>
    new OffloadClient({ id: 7, secret: SECRET, send: (packet) => sent.push(packet), timeout });
  const lastCounter = () => decodePacket(sent.at(-1)!, new TagGuard(request))!.counter;
  const result = (counter: bigint, changes = {}) =>
    encodePacket({ ...HEAD, type: 2, detail: 0, counter, data: DIGEST, ...changes }, 0, answer);

  test('takes one answer, and no other', async () => {
    using client = open();
    const asked = client.sha256(text('hello'));
    const counter = lastCounter();
    const forged = result(counter);
    forged[40]! ^= 1;
    client.receive(forged);
    client.receive(result(counter + 1n));
    client.receive(result(counter, { client: 8 }));
    client.receive(result(counter));
    client.receive(result(counter, { data: new Uint8Array(32) }));
    expect(hex(await asked)).toBe(hex(DIGEST));
  });

  test('names the errors of the service', async () => {
    using client = open();
    for (let error = 1; error <= 9; error++) {
      const asked = client.sha256(text('hello'));
      client.receive(result(lastCounter(), { type: 3, detail: error, data: new Uint8Array() }));
      await expect(asked).rejects.toMatchObject({ code: serviceError(error).code });
    }
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9].map((error) => serviceError(error).code)).size).toBe(9);
  });

  test('gives up when time is over, when it is told to, and when it is closed', async () => {
    const client = open(5);
    await expect(client.sha256(text('a'))).rejects.toMatchObject({ code: 'ERR_OFFLOAD_TIMEOUT' });
    const aborting = new AbortController();
    const aborted = client.sha256(text('a'), { signal: aborting.signal, timeout: 60_000 });
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ERR_OFFLOAD_ABORTED' });
    await expect(client.sha256(text('a'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_OFFLOAD_ABORTED',
    });
    const closed = client.sha256(text('a'), { timeout: 60_000 });
    client.close();
    await expect(closed).rejects.toMatchObject({ code: 'ERR_OFFLOAD_CLOSED' });
    await expect(client.sha256(text('a'))).rejects.toMatchObject({ code: 'ERR_OFFLOAD_CLOSED' });
  });

  test('never uses a counter twice, and puts large data into several packets', () => {
    using client = open();
    sent.length = 0;
    client.sha256(new Uint8Array(3000)).catch(() => {});
    client.sha256(text('a')).catch(() => {});
    const packets = sent.map((bytes) => decodePacket(bytes, new TagGuard(request))!);
    expect(packets.map(({ segment, segments }) => [segment, segments])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [0, 1],
    ]);
    expect(new Set(packets.map(({ counter }) => counter)).size).toBe(4);
  });

  test('has room in its request for whatever the result is', () => {
    using client = open();
    sent.length = 0;
    client.seal(2, new Uint8Array(1340)).catch(() => {});
    expect(sent.reduce((sum, { length }) => sum + length - 48, 0)).toBeGreaterThanOrEqual(1340 + 28);
  });

  test('refuses wrong arguments', async () => {
    using client = open();
    await expect(client.sha256(new Uint8Array(65_537))).rejects.toBeInstanceOf(RangeError);
    await expect(client.hmac(65_536, text('a'))).rejects.toBeInstanceOf(RangeError);
    await expect(client.sha256('text' as never)).rejects.toBeInstanceOf(TypeError);
    expect(() => new OffloadClient({ id: -1, secret: SECRET, send: () => {} })).toThrow(RangeError);
    expect(() => new OffloadClient({ id: 1, secret: SECRET.slice(1), send: () => {} })).toThrow();
  });
});
