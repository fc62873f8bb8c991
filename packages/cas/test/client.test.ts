import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create as createDigest } from 'multiformats/hashes/digest';
import { sha256 } from 'multiformats/hashes/sha2';
import { describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { Reason } from '../src/cas.gen.js';
import {
  CasError,
  cidOf,
  contentOf,
  decodePacket,
  digestOf,
  packetize,
  Receiver,
  type Source,
  verifyPacket,
} from '../src/client.js';
import { chunkPacket, judgePayload, LABEL, wholePacket } from './twin/packet.js';

const random = new Random(31);
const SMALL = random.bytes(1000);
const LARGE = random.bytes(300_001);

async function all(packets: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const packet of packets) list.push(packet);
  return list;
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: CasError) => error.code,
  );

describe('ids', () => {
  /** Of the CID specification, multiformats' own tests and IPFS. */
  test.each([
    ['', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
    ['hello world', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
    ['foo', 'bafkreibme22gw2h7y2h7tg2fhqotaqjucnbc24deqo72b6mkl2egezxhvy'],
  ])('of %j is that of everybody', (text, cid) => {
    expect(cidOf(new TextEncoder().encode(text)).toString()).toBe(cid);
  });

  test('are those of the multiformats library', async () => {
    for (let length = 0; length < 200; length++) {
      const bytes = random.bytes(length);
      expect(cidOf(bytes).toString()).toBe(CID.createV1(raw.code, await sha256.digest(bytes)).toString());
    }
  });

  test('name a digest in whatever base, codec and version they are written', () => {
    const cid = cidOf(SMALL);
    const digest = cid.multihash.digest;
    const forms = [
      cid,
      `${cid}`,
      digest,
      CID.createV1(0x70, cid.multihash),
      `${CID.createV0(cid.multihash as never)}`,
    ];
    for (const form of forms) expect(digestOf(form)).toEqual(digest);
  });

  test('in the common form are read as the multiformats library reads them, and no others', () => {
    const library = (text: string) => {
      try {
        const { code, digest } = CID.parse(text).multihash;
        return code === 0x12 && digest.length === 32 ? digest : undefined;
      } catch {
        return undefined;
      }
    };
    const ours = (text: string) => {
      try {
        return digestOf(text);
      } catch {
        return undefined;
      }
    };
    const characters = 'abcdefghijklmnopqrstuvwxyz234567ABZ0189=+-_ é\0';
    for (let i = 0; i < 2_000; i++) {
      const text = `${CID.createV1(raw.code, createDigest(0x12, random.bytes(32)))}`;
      expect(ours(text)).toEqual(library(text));
      const at = random.oneIn(2) ? random.below(text.length) : random.pick([0, 1, 6, 7, 8, 57, 58]);
      const put = characters[random.below(characters.length)];
      const changed = text.slice(0, at) + put + text.slice(at + random.pick([0, 1, 1, 1, 2]));
      expect([changed, ours(changed)]).toEqual([changed, library(changed)]);
    }
  });

  test.each(['', 'hello', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk', 'Qm'])(
    '%j is none',
    (text) => {
      expect(() => digestOf(text)).toThrow(CasError);
    },
  );

  test('of other hash functions, or lengths, are refused', () => {
    const identity = CID.parse('bafkqaaik');
    expect(() => digestOf(identity)).toThrow(/hash function 0x0, expected 32 of sha2-256/);
    expect(() => digestOf(new Uint8Array(31))).toThrow(CasError);
  });
});

describe('content', () => {
  test('that fits is one packet, under its own id', async () => {
    const content = await contentOf(SMALL);
    expect(`${content.cid}`).toBe(`${cidOf(SMALL)}`);
    const packets = await all(content.packets());
    expect(packets).toEqual([Uint8Array.from(wholePacket(SMALL))]);
  });

  test.each([64, 512, 1000])(
    'that does not is chunks of %i bytes, as the twin makes them',
    async (chunkBytes) => {
      const data = LARGE.subarray(0, 20_001);
      const content = await contentOf(data, { chunkBytes });
      const packets = await all(content.packets());
      expect(packets.length).toBe(content.packetCount);
      for (const [index, packet] of packets.entries()) {
        expect(packet).toEqual(Uint8Array.from(chunkPacket(data, chunkBytes, index)));
        expect(verifyPacket(packet).id).toEqual(content.cid.multihash.digest);
      }
    },
  );

  test('has groups that the tree does not show', async () => {
    for (const chunks of [255, 256, 257, 511, 512, 513, 769]) {
      const data = LARGE.subarray(0, 64 * chunks - 1);
      for await (const packet of packetize(data, { chunkBytes: 64 })) verifyPacket(packet);
    }
  });

  const sources: Record<string, () => Source> = {
    bytes: () => LARGE,
    'a Blob': () => new Blob([LARGE.slice()]),
    'a stream': () => new Blob([LARGE.slice()]).stream(),
    'an iterable': async function* () {
      for (let at = 0; at < LARGE.length; at += 999) yield LARGE.subarray(at, at + 999);
    },
    'a function': () => (start, end) => new Blob([LARGE.slice(start, end)]).stream(),
  };

  test.each(Object.keys(sources))('comes from %s', async (name) => {
    const content = await contentOf(sources[name]!());
    expect(`${content.cid}`).toBe(`${(await contentOf(LARGE)).cid}`);
    const receiver = new Receiver(content.cid);
    for await (const packet of content.packets()) await receiver.accept(packet);
    expect(Buffer.compare(receiver.bytes(), LARGE)).toBe(0);
  });

  test('with the form of a manifest goes in chunks, since its id must not stand for two things', async () => {
    const data = Uint8Array.from([...LABEL, ...random.bytes(44)]);
    const content = await contentOf(data);
    expect(`${content.cid}`).not.toBe(`${cidOf(data)}`);
    const [packet] = await all(content.packets());
    expect(judgePayload(packet!)).toBe(Reason.PASS_CHUNK);
  });

  test('that changes while it is sent is not sent', async () => {
    const data = LARGE.slice();
    const content = await contentOf((start, end) => new Blob([data.slice(start, end)]).stream());
    data[200_000]! ^= 1;
    expect(await code(all(content.packets()))).toBe('ERR_CAS_SOURCE');
  });

  test('whose packets do not fit is refused, and says what would', async () => {
    await expect(contentOf(LARGE, { chunkBytes: 1400 })).rejects.toThrow(
      /do not fit 1452: choose smaller chunks/,
    );
    await expect(contentOf(LARGE, { chunkBytes: 63 })).rejects.toThrow(RangeError);
  });

  test('of 4 GiB fits: chunk, header and a path of 23 hashes', () => {
    expect(92 + 512 + 23 * 32).toBeLessThanOrEqual(1452);
  });

  test('is sent in parts', async () => {
    const content = await contentOf(LARGE);
    const ranges = [
      { first: 580, end: 10_000 },
      { first: 3, end: 5 },
      { first: 4, end: 6 },
      { first: 255, end: 258 },
    ];
    const indexes = (await all(content.packets(ranges))).map((packet) => {
      const read = verifyPacket(packet);
      return read.type === 'chunk' ? read.index : -1;
    });
    expect(indexes).toEqual([3, 4, 5, 255, 256, 257, 580, 581, 582, 583, 584, 585]);
    expect(await all(content.packets([]))).toEqual([]);
  });
});

describe('a packet', () => {
  test('is read as it was written, or refused', () => {
    const whole = decodePacket(wholePacket(SMALL));
    expect(whole).toMatchObject({ type: 'content', content: Buffer.from(SMALL) });
    expect(() => decodePacket(wholePacket(SMALL, { version: 2 }))).toThrow(CasError);
    expect(() => decodePacket('no' as never)).toThrow(TypeError);
  });

  test('and its twin agree about changed ones', () => {
    const bases = [
      wholePacket(SMALL),
      chunkPacket(LARGE.subarray(0, 5000), 100, 17),
      chunkPacket(LARGE.subarray(0, 5000), 100, 49),
    ];
    for (let i = 0; i < 3000; i++) {
      const packet = Uint8Array.from(random.pick(bases));
      for (let n = random.below(3); n >= 0; n--)
        packet[random.below(random.oneIn(2) ? 100 : packet.length)]! ^= 1 << random.below(8);
      const holds = [Reason.PASS_CONTENT, Reason.PASS_CHUNK].includes(judgePayload(packet) as never);
      let accepted = true;
      try {
        verifyPacket(packet);
      } catch (error) {
        expect(error).toBeInstanceOf(CasError);
        accepted = false;
      }
      expect(accepted).toBe(holds);
    }
  });
});
