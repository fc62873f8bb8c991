import { bootTimeNs } from '@cryptbpf/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Frame } from '../../pow/test/support/packets.js';
import { Random } from '../../pow/test/support/random.js';
import { Reason } from '../src/cas.gen.js';
import { ENDS, packet } from './support/frames.js';
import { HOOKS, PORT, TestVerifier } from './support/verifier.js';
import { chunkPacket, chunksOf, judgePayload, LABEL, sha256, wholePacket } from './twin/packet.js';
import { leaf, treeHash } from './twin/tree.js';

const random = new Random(9);
const CONTENT = random.bytes(700);
const OTHER = random.bytes(700);
/** 21 chunks, the last one of 20 bytes: its path is shorter than those of others. */
const OBJECT = random.bytes(20 * 64 + 20);
const manifestOf = (data: Uint8Array, chunkBytes: number) =>
  chunkPacket(data, chunkBytes, 0).subarray(48, 92);

const WHOLE = wholePacket(CONTENT);
const CHUNK = chunkPacket(OBJECT, 64, 7);
const patched = (bytes: Uint8Array, at: number, change = 1) => {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= change;
  return copy;
};

/** Payloads, and what becomes of them. */
const CASES: [title: string, payload: Uint8Array, reason: Reason][] = [
  ['content', WHOLE, Reason.PASS_CONTENT],
  ['no content at all, under its own id', wholePacket(new Uint8Array()), Reason.PASS_CONTENT],
  ['content of one byte', wholePacket(Uint8Array.of(7)), Reason.PASS_CONTENT],
  ['content with another first byte', patched(WHOLE, 44), Reason.DROP_CONTENT],
  ['content with another last byte', patched(WHOLE, -1), Reason.DROP_CONTENT],
  ['content with a bit of its id changed', patched(WHOLE, 43, 0x80), Reason.DROP_CONTENT],
  ['other content under a known id', wholePacket(OTHER, { id: sha256(CONTENT) }), Reason.DROP_CONTENT],
  ['content that is cut', WHOLE.subarray(0, -1), Reason.DROP_CONTENT_LENGTH],
  ['content with a byte behind', Buffer.concat([WHOLE, Uint8Array.of(0)]), Reason.DROP_CONTENT_LENGTH],
  ['content that says to be shorter', wholePacket(CONTENT, { length: 699 }), Reason.DROP_CONTENT_LENGTH],
  ['content that says to be huge', wholePacket(CONTENT, { length: 0xffffffff }), Reason.DROP_CONTENT_FORMAT],
  ['an empty payload', new Uint8Array(), Reason.DROP_NOT_CONTENT],
  ['a header that is cut', WHOLE.subarray(0, 43), Reason.DROP_NOT_CONTENT],
  ['another magic', wholePacket(CONTENT, { magic: 0xca5ca5cb }), Reason.DROP_NOT_CONTENT],
  ['another version', wholePacket(CONTENT, { version: 2 }), Reason.DROP_NOT_CONTENT],
  ['type 0', wholePacket(CONTENT, { type: 0 }), Reason.DROP_CONTENT_FORMAT],
  ['type 3', wholePacket(CONTENT, { type: 3 }), Reason.DROP_CONTENT_FORMAT],
  ['a flag', wholePacket(CONTENT, { flags: 1 }), Reason.DROP_CONTENT_FORMAT],
  ['a flag in the high byte', wholePacket(CONTENT, { flags: 0x8000 }), Reason.DROP_CONTENT_FORMAT],

  ['a chunk', CHUNK, Reason.PASS_CHUNK],
  ['the first chunk', chunkPacket(OBJECT, 64, 0), Reason.PASS_CHUNK],
  ['the last chunk', chunkPacket(OBJECT, 64, 20), Reason.PASS_CHUNK],
  ['an object of one chunk', chunkPacket(CONTENT, 700, 0), Reason.PASS_CHUNK],
  ['an object of one byte', chunkPacket(Uint8Array.of(1), 64, 0), Reason.PASS_CHUNK],
  ['a chunk with another byte', patched(CHUNK, 92), Reason.DROP_CHUNK],
  ['a chunk with another last byte', patched(CHUNK, 92 + 63), Reason.DROP_CHUNK],
  ['a path with another byte', patched(CHUNK, -1), Reason.DROP_CHUNK],
  ['a chunk at another index', chunkPacket(OBJECT, 64, 7, { index: 6 }), Reason.DROP_CHUNK],
  [
    'a chunk of another object',
    chunkPacket(OBJECT, 64, 7, { chunk: OTHER.subarray(0, 64) }),
    Reason.DROP_CHUNK,
  ],
  ['an index behind the last', chunkPacket(OBJECT, 64, 7, { index: 21 }), Reason.DROP_CHUNK_INDEX],
  ['a huge index', chunkPacket(OBJECT, 64, 7, { index: 0xffffffff }), Reason.DROP_CHUNK_INDEX],
  ['the last index for another chunk', chunkPacket(OBJECT, 64, 7, { index: 20 }), Reason.DROP_CHUNK_INDEX],
  ['a chunk that says to be shorter', chunkPacket(OBJECT, 64, 7, { length: 63 }), Reason.DROP_CHUNK_INDEX],
  ['a path that is too short', CHUNK.subarray(0, -32), Reason.DROP_CONTENT_LENGTH],
  ['a path that is too long', Buffer.concat([CHUNK, leaf(CONTENT)]), Reason.DROP_CONTENT_LENGTH],
  ['a byte behind the path', Buffer.concat([CHUNK, Uint8Array.of(0)]), Reason.DROP_CONTENT_LENGTH],
  ['a manifest that is cut', CHUNK.subarray(0, 91), Reason.DROP_CONTENT_LENGTH],
  ['another root', patched(CHUNK, 60), Reason.DROP_MANIFEST],
  ['another id', patched(CHUNK, 12), Reason.DROP_MANIFEST],
  ['size 0', chunkPacket(OBJECT, 64, 7, { size: 0n }), Reason.DROP_CONTENT_FORMAT],
  ['chunks of 0 bytes', chunkPacket(OBJECT, 64, 7, { chunkBytes: 0 }), Reason.DROP_CONTENT_FORMAT],
  ['chunks that are too small', chunkPacket(OBJECT, 63, 7), Reason.DROP_CONTENT_FORMAT],
  ['chunks that are too large', chunkPacket(OBJECT, 64, 7, { chunkBytes: 8193 }), Reason.DROP_CONTENT_FORMAT],
  [
    'more chunks than there can be',
    chunkPacket(OBJECT, 64, 7, { size: 2n ** 63n }),
    Reason.DROP_CONTENT_FORMAT,
  ],
];

/** What puts parts of what is right together anew, so that an id would stand for two things. */
const SWAPS: typeof CASES = [
  [
    'a manifest sent as content',
    wholePacket(Buffer.concat([LABEL, manifestOf(OBJECT, 64)])),
    Reason.DROP_MANIFEST_AS_CONTENT,
  ],
  [
    'what begins like a manifest and is longer',
    wholePacket(Buffer.concat([LABEL, manifestOf(OBJECT, 64), Uint8Array.of(0)])),
    Reason.PASS_CONTENT,
  ],
  [
    'the id of content as that of an object',
    chunkPacket(CONTENT, 700, 0, { id: sha256(CONTENT) }),
    Reason.DROP_MANIFEST,
  ],
  [
    'the root as the id',
    chunkPacket(OBJECT, 64, 7, { id: treeHash(chunksOf(OBJECT, 64)) }),
    Reason.DROP_MANIFEST,
  ],
  [
    'the node above two leaves as a chunk',
    chunkPacket(OBJECT, 64, 0, {
      chunk: Buffer.concat(chunksOf(OBJECT, 64).slice(0, 2).map(leaf)),
      size: 11n * 64n,
      path: [],
    }),
    Reason.DROP_CONTENT_LENGTH,
  ],
  [
    'two leaves of an object as the one chunk of another with the same root',
    chunkPacket(Buffer.concat(chunksOf(OBJECT.subarray(0, 128), 64).map(leaf)), 64, 0, {
      root: treeHash(chunksOf(OBJECT.subarray(0, 128), 64)),
      size: 64n,
      path: [],
    }),
    Reason.DROP_CHUNK,
  ],
  [
    'a size that says one byte less',
    chunkPacket(OBJECT, 64, 7, { size: 1299n, id: idOf(OBJECT) }),
    Reason.DROP_MANIFEST,
  ],
];

function idOf(data: Uint8Array): Uint8Array {
  return Uint8Array.from(chunkPacket(data, 64, 0).subarray(12, 44));
}

let verifier: TestVerifier;
beforeAll(() => {
  verifier = new TestVerifier();
});
afterAll(() => verifier[Symbol.dispose]());
beforeEach(() => verifier.reset());

const actionOf = (reason: Reason) => (reason >= Reason.DROP_TRUNCATED ? 'drop' : 'pass');

describe.each(HOOKS)('at %s', (hook) => {
  test.each(['ipv4', 'ipv6'] as const)(
    'each payload meets its verdict, which is its twin’s, over %s',
    (family) => {
      for (const [title, payload, reason] of [...CASES, ...SWAPS]) {
        const verdict = verifier.judge(hook, packet(payload, family));
        expect([title, verdict]).toEqual([title, { action: actionOf(reason), reasons: [reason] }]);
        expect([title, judgePayload(payload)]).toEqual([title, reason]);
      }
    },
  );

  test('an id that passed does not pass with other content', () => {
    for (let i = 0; i < 3; i++) {
      expect(verifier.judge(hook, packet(WHOLE)).action).toBe('pass');
      const tampered = wholePacket(OTHER, { id: sha256(CONTENT) });
      expect(verifier.judge(hook, packet(tampered)).reasons).toEqual([Reason.DROP_CONTENT]);
      expect(verifier.judge(hook, packet(CHUNK)).action).toBe('pass');
      expect(verifier.judge(hook, packet(patched(CHUNK, 100))).reasons).toEqual([Reason.DROP_CHUNK]);
    }
  });

  const bad = packet(patched(WHOLE, -1));
  const frames: [string, Uint8Array, Reason][] = [
    [
      'to another port',
      packet(WHOLE, 'ipv4', { udp: { sourcePort: 1, destinationPort: 9 } }),
      Reason.PASS_UNPROTECTED,
    ],
    [
      'TCP',
      packet(WHOLE, 'ipv4', {
        udp: undefined,
        tcp: { sourcePort: 1, destinationPort: PORT, flags: 2 },
      } as Partial<Frame>),
      Reason.PASS_UNPROTECTED,
    ],
    ['behind a VLAN tag', packet(WHOLE, 'ipv4', { vlan: [7] }), Reason.PASS_CONTENT],
    [
      'behind IPv4 options',
      packet(WHOLE, 'ipv4', { ip: { ...ENDS.ipv4, options: new Uint8Array(4) } }),
      Reason.PASS_CONTENT,
    ],
    [
      'behind an extension header',
      packet(WHOLE, 'ipv6', { ip: { ...ENDS.ipv6, extensions: [{ header: 60 }] } }),
      Reason.PASS_CONTENT,
    ],
    [
      'with bytes behind the IP packet',
      packet(WHOLE, 'ipv4', { trailer: new Uint8Array(9) }),
      Reason.PASS_CONTENT,
    ],
    [
      'a first fragment',
      packet(WHOLE, 'ipv4', { ip: { ...ENDS.ipv4, fragment: { offset: 0, more: true } } }),
      Reason.DROP_FRAGMENT,
    ],
    [
      'a later fragment',
      packet(WHOLE, 'ipv4', { ip: { ...ENDS.ipv4, fragment: { offset: 8, more: false } } }),
      Reason.PASS_LATER_FRAGMENT,
    ],
    [
      'a datagram shorter than its IP packet',
      packet(WHOLE, 'ipv4', { udp: { sourcePort: 1, destinationPort: PORT, length: 750 } }),
      Reason.DROP_CONTENT_LENGTH,
    ],
    ['cut by the frame', packet(WHOLE).slice(0, -1), Reason.DROP_TRUNCATED],
  ];

  test('frames are parsed as those of all programs here', () => {
    for (const [title, frame, reason] of frames)
      expect([title, verifier.judge(hook, frame).reasons]).toEqual([title, [reason]]);
  });

  test('lists: denied and not allowed ids are dropped, unhashed', () => {
    const [id, object] = [sha256(CONTENT), idOf(OBJECT)];
    verifier.list({ allow: [id] });
    expect(verifier.judge(hook, packet(WHOLE)).reasons).toEqual([Reason.PASS_CONTENT]);
    expect(verifier.judge(hook, packet(CHUNK)).reasons).toEqual([Reason.DROP_ID_NOT_ALLOWED]);
    expect(verifier.judge(hook, packet(patched(CHUNK, 100))).reasons).toEqual([Reason.DROP_ID_NOT_ALLOWED]);
    verifier.list({ allow: [id, object], deny: [object] });
    expect(verifier.judge(hook, packet(CHUNK)).reasons).toEqual([Reason.DROP_ID_DENIED]);
    verifier.list({ deny: [object] });
    expect(verifier.judge(hook, packet(WHOLE)).reasons).toEqual([Reason.PASS_CONTENT]);
    verifier.list({ allow: [] });
    expect(verifier.judge(hook, packet(WHOLE)).reasons).toEqual([Reason.DROP_ID_NOT_ALLOWED]);
  });

  test('observed lists are counted, and the hash decides', () => {
    verifier.reset({ observeLists: true }, 0n, { allow: [], deny: [idOf(OBJECT)] });
    expect(verifier.judge(hook, packet(WHOLE))).toEqual({
      action: 'pass',
      reasons: [Reason.PASS_CONTENT, Reason.DROP_ID_NOT_ALLOWED],
    });
    expect(verifier.judge(hook, packet(patched(CHUNK, 100)))).toEqual({
      action: 'drop',
      reasons: [Reason.DROP_ID_DENIED, Reason.DROP_CHUNK],
    });
  });

  test('budgets are of blocks that are hashed, of a source and of all, and bind what comes in', () => {
    const once = { perSecond: 0.001, burst: 1 };
    const from = (family: 'ipv4' | 'ipv6', source: string) =>
      verifier.judge(hook, packet(WHOLE, family, { ip: { ...ENDS[family], source } })).reasons;
    const passed = [Reason.PASS_CONTENT];
    const dropped = (reason: Reason) => (hook === 'ingress' ? [reason] : passed);

    verifier.reset({ sourceBudget: once });
    expect(from('ipv4', '198.51.100.20')).toEqual(passed);
    expect(from('ipv4', '198.51.100.20')).toEqual(dropped(Reason.DROP_SOURCE_BUDGET));
    expect(from('ipv4', '198.51.100.21')).toEqual(passed);
    expect(from('ipv6', '2001:db8:20::1')).toEqual(passed);
    expect(from('ipv6', '2001:db8:20::2')).toEqual(dropped(Reason.DROP_SOURCE_BUDGET));
    expect(from('ipv6', '2001:db8:20:1::1')).toEqual(passed);

    verifier.reset({ sourceBudget: once, hashBudget: once });
    expect(from('ipv4', '198.51.100.30')).toEqual(passed);
    expect(from('ipv4', '198.51.100.31')).toEqual(dropped(Reason.DROP_HASH_BUDGET));
  });

  test.each([
    [50, Reason.DROP_HASH_BUDGET],
    [51, Reason.PASS_CONTENT],
  ])('of %i blocks, so many are hashed, and nothing is spent on what is refused without', (burst, reason) => {
    verifier.reset({ hashBudget: { perSecond: 0.001, burst } });
    /* 12 blocks of content; 1, 2, and 2 for each of 5 levels of a chunk. */
    const cheap = [patched(WHOLE, 0), WHOLE.subarray(0, -1), chunkPacket(OBJECT, 64, 7, { index: 21 })];
    for (const payload of [WHOLE, ...cheap, CHUNK, ...cheap, WHOLE, patched(CHUNK, 100)])
      expect(verifier.judge(hook, packet(payload)).reasons).not.toEqual([Reason.DROP_HASH_BUDGET]);
    const last = verifier.judge(hook, packet(wholePacket(Uint8Array.of(7))));
    expect(last.reasons).toEqual([hook === 'ingress' ? reason : Reason.PASS_CONTENT]);
  });

  test('monitored: what would be dropped is counted and passed', () => {
    verifier.reset({ monitor: true });
    expect(verifier.judge(hook, bad)).toEqual({
      action: 'pass',
      reasons: [Reason.PASS_MONITORED, Reason.DROP_CONTENT],
    });
  });

  test('unconfirmed in time, it stands open', () => {
    verifier.reset({}, bootTimeNs() + 3_600_000_000_000n);
    expect(verifier.judge(hook, bad).action).toBe('drop');
    verifier.reset({}, bootTimeNs() - 1n);
    expect(verifier.judge(hook, bad)).toEqual({ action: 'pass', reasons: [Reason.PASS_UNCONFIRMED] });
  });

  test('events say which packet it was, up to a rate', () => {
    verifier.reset({ eventRate: { perSecond: 0.001, burst: 2 } });
    verifier.events();
    const tampered = packet(patched(CHUNK, 100), 'ipv6');
    for (let i = 0; i < 5; i++) verifier.judge(hook, tampered);
    const events = verifier.events();
    expect(events.length).toBe(2);
    expect(events[0]).toMatchObject({
      reason: Reason.DROP_CHUNK,
      index: 7,
      port: PORT,
      type: 2,
      egress: hook === 'egress' ? 1 : 0,
      id: { bytes: idOf(OBJECT) },
    });
  });
});
