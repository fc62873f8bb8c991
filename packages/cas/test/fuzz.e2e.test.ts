import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { Reached } from '../../pow/test/support/reasons.js';
import { Reason } from '../src/cas.gen.js';
import { packet } from './support/frames.js';
import { HOOKS, type Hook, PORT, TestVerifier } from './support/verifier.js';
import { chunkPacket, judgeFrame, wholePacket } from './twin/packet.js';

/** For both hooks together. */
const PACKETS = Number(process.env.CRYPTBPF_FUZZ ?? 40_000);
/** The twin judges one in so many. */
const SAMPLE = PACKETS > 100_000 ? 1_000 : 10;
const UDP_AT = { ipv4: 34, ipv6: 54 } as const;
const ROOM = 1400;

const random = new Random(Number(process.env.CRYPTBPF_FUZZ_SEED ?? 3));
const OBJECT = random.bytes(64 * 300 + 5);
const PAYLOADS = [
  ...[0, 1, 52, 55, 56, 63, 64, 119, 900].map((length) => wholePacket(random.bytes(length))),
  ...[0, 1, 17, 255, 256, 299, 300].map((index) => chunkPacket(OBJECT, 64, index)),
  ...[0, 18].map((index) => chunkPacket(OBJECT, 1024, index)),
];
const BASES = PAYLOADS.flatMap((payload) =>
  (['ipv4', 'ipv6'] as const).map((family) => ({
    frame: packet(payload, family),
    udp: UDP_AT[family],
    payload,
  })),
);
type Base = (typeof BASES)[number];

const buffer = Buffer.alloc(2048);

/** How many bytes of the frame in buffer there are, after its payload was changed. */
type Mutation = (base: Base, at: number, end: number) => number;

const flip = (offset: number) => {
  buffer[offset]! ^= 1 << random.below(8);
};
const within = (at: number, end: number) => at + random.below(end - at);

const MUTATIONS: Record<string, Mutation> = {
  header: (_, at, end) => {
    flip(within(at, Math.min(end, at + 12)));
    return end;
  },
  id: (_, at, end) => {
    flip(at + 12 + random.below(32));
    return end;
  },
  object: (_, at, end) => {
    flip(within(at + 44, Math.max(at + 45, Math.min(end, at + 92))));
    return end;
  },
  index: (_, at, end) => {
    if (end >= at + 48) buffer.writeUInt32BE(random.below(310), at + 44);
    return end;
  },
  content: (_, at, end) => {
    for (let n = random.below(4); n >= 0; n--) flip(within(at + Math.min(44, end - at - 1), end));
    return end;
  },
  tail: (_, at, end) => {
    flip(within(Math.max(at, end - 320), end));
    return end;
  },
  shorter: (_, at, end) => end - 1 - random.below(Math.min(64, end - at)),
  longer: (_, _at, end) => {
    const more = random.pick([1, 31, 32, 33, 64]);
    for (let i = 0; i < more; i++) buffer[end + i] = random.below(256);
    return end + more;
  },
  length: (_, at, end) => {
    buffer.writeUInt32BE(random.oneIn(2) ? random.below(1400) : random.uint32(), at + 8);
    return end;
  },
  /** The end of one packet behind the beginning of another. */
  splice: (_, at, end) => {
    const other = random.pick(PAYLOADS);
    const cut = random.below(Math.min(end - at, other.length) + 1);
    buffer.set(other.subarray(cut), at + cut);
    return at + other.length;
  },
};
const KINDS = Object.values(MUTATIONS);

/** A frame that is not the one it was made of, with the lengths of its headers right, mostly. */
function mutated(base: Base): Uint8Array {
  const at = base.udp + 8;
  buffer.set(base.frame);
  let end = base.frame.length;
  for (let n = random.below(2); n >= 0; n--)
    end = Math.max(at, Math.min(ROOM, random.pick(KINDS)(base, at, Math.max(end, at + 1))));
  const isV4 = base.udp === UDP_AT.ipv4;
  buffer.writeUInt16BE(isV4 ? end - 14 : end - base.udp, isV4 ? 16 : 18);
  if (!random.oneIn(100)) buffer.writeUInt16BE(end - base.udp, base.udp + 4);
  return buffer.subarray(0, end);
}

const isOneOf = (payload: Uint8Array) => PAYLOADS.some((base) => Buffer.compare(base, payload) === 0);
/** All that random packets of these kinds can meet. */
const DEEPEST = [
  Reason.DROP_NOT_CONTENT,
  Reason.DROP_CONTENT_FORMAT,
  Reason.DROP_CONTENT_LENGTH,
  Reason.DROP_CONTENT,
  Reason.DROP_MANIFEST,
  Reason.DROP_CHUNK_INDEX,
  Reason.DROP_CHUNK,
];
const PASSES = [Reason.PASS_CONTENT, Reason.PASS_CHUNK];

let verifier: TestVerifier;
beforeAll(() => {
  verifier = new TestVerifier();
  verifier.reset({ eventRate: { perSecond: 0.001, burst: 1 } });
});
afterAll(() => verifier[Symbol.dispose]());

const passed = (hook: Hook) => PASSES.reduce((sum, reason) => sum + verifier.counts(hook)[reason]!, 0);

test.each(HOOKS)('no mutated packet passes at %s, and the twin agrees', { timeout: 3_600_000 }, (hook) => {
  const dropAction = hook === 'ingress' ? 1 : 2;
  const before = passed(hook);
  const earlier = verifier.counts(hook);
  let right = 0;
  for (let i = 0; i < PACKETS / 2; i++) {
    const base = random.pick(BASES);
    const frame = mutated(base);
    if (i % SAMPLE === 0) {
      const verdict = verifier.judge(hook, frame);
      expect([i, verdict.reasons]).toEqual([i, [judgeFrame(frame, { ports: [PORT] })]]);
      if (verdict.action === 'drop') continue;
    } else if (verifier.program(hook).testRun({ data: frame, outputSize: 0 }).returnValue === dropAction)
      continue;
    /* A mutation that undid itself, or spliced a whole packet. */
    expect(isOneOf(frame.subarray(base.udp + 8))).toBe(true);
    right++;
  }
  expect(passed(hook) - before).toBe(right);
  expect(right).toBeLessThan(PACKETS / 2 / 10);
  const reached = new Reached();
  for (const [reason, count] of verifier.counts(hook).entries())
    reached.add(reason as Reason, count - earlier[reason]!);
  reached.tell(`fuzz at ${hook}`);
  expect(reached.missing(DEEPEST)).toEqual([]);
});
