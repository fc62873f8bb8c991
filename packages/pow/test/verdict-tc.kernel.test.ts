import { Reason } from '@cryptbpf/core';
import { afterAll, describe, expect, test } from 'vitest';
import type { Case } from './support/case.js';
import { frameCases } from './support/cases-frames.js';
import { trafficCases } from './support/cases-traffic.js';
import {
  CONTROL,
  challengeFor,
  control,
  corpus,
  fromPeer,
  LISTS,
  STRANGER4,
  STRANGER6,
} from './support/corpus.js';
import { type Feature, TestGate } from './support/gate.js';
import { hello, message, proofMessage } from './support/messages.js';
import { mutate } from './support/mutate.js';
import { type Frame, frame, SYN } from './support/packets.js';
import { Random } from './support/random.js';
import { judge } from './twin/gate.js';
import { hex } from './twin/state.js';

/* A second proof on the same gate, at the TC hook: the challenge with all its bits inverted. */

const COUNTER_MAGIC = 0x434f554e;
const COUNTER: Feature = {
  object: 'counter_gate.bpf.o',
  program: 'counter_gate',
  actions: { 4294967295: 'pass', 2: 'drop', 7: 'tx' },
  proof: {
    magic: COUNTER_MAGIC,
    proofBytes: 32,
    holds: (challenge, proof) => challenge.every((byte, i) => proof[i] === (byte ^ 0xff)),
  },
};

const PACKETS = Math.floor(
  Number(process.env.CRYPTBPF_FUZZ ?? (process.env.CRYPTBPF_VM ? 5_000 : 1_000_000)) / 20,
);
const HEADER = { magic: COUNTER_MAGIC };

const gate = new TestGate({}, COUNTER);
afterAll(() => gate[Symbol.dispose]());

const inverted = (challenge: Uint8Array) => challenge.map((byte) => byte ^ 0xff);

const SHAPES: [string, Frame][] = [STRANGER4, STRANGER6].flatMap((source) => {
  const ip = fromPeer(source);
  const kind = source.includes(':') ? 'IPv6' : 'IPv4';
  return [
    [`over ${kind}`, { ip }],
    [`over ${kind} in two VLANs`, { ip, vlan: [{ id: 1, type: 0x88a8 }, 2] }],
    [`over ${kind} with bytes behind it`, { ip, trailer: new Uint8Array(7) }],
  ] as [string, Frame][];
});

test.each(SHAPES)('a hello and a proof %s are answered right in every byte', (_, spec) => {
  const twin = gate.reset({});
  const source = spec.ip!.source;
  const answered = (payload: Uint8Array) => {
    const request = frame({ ...spec, udp: CONTROL, payload });
    const { action, data, reasons } = gate.judge(request);
    expect(action).toBe('tx');
    const outcome = judge(twin, request, data);
    expect(hex(data)).toBe(hex(outcome.reply!));
    expect(reasons).toEqual([outcome.reason]);
    return outcome.reason;
  };
  expect(answered(hello(HEADER))).toBe(Reason.ANSWER_CHALLENGE);
  const challenge = challengeFor(source, { issued: gate.wallMs(), salt: 3n });
  expect(answered(proofMessage(challenge, challenge, HEADER))).toBe(Reason.DROP_PROOF);
  expect(answered(proofMessage(challenge, inverted(challenge), HEADER))).toBe(Reason.ANSWER_ADMITTED);
  expect(answered(proofMessage(challenge, inverted(challenge), HEADER))).toBe(Reason.DROP_SPENT);
  const tcp = { sourcePort: 1, destinationPort: 443, flags: SYN };
  expect(gate.verdict(frame({ ...spec, tcp }))).toBe(Reason.PASS_ADMITTED);
});

test('a UDP checksum that was not computed stays so', () => {
  gate.reset({});
  const request = frame({
    ip: fromPeer(STRANGER4),
    udp: { ...CONTROL, checksum: 0 },
    payload: hello(HEADER),
  });
  const { action, data } = gate.run(request);
  expect(action).toBe('tx');
  expect([...data.subarray(40, 42)]).toEqual([0, 0]);
});

test.each([
  [
    'a proof as long as a hello',
    message({ ...HEADER, type: 3 }, new Uint8Array(48)),
    Reason.DROP_MESSAGE_LENGTH,
  ],
  [
    'a hello as long as a proof',
    message({ ...HEADER, type: 1 }, new Uint8Array(64)),
    Reason.DROP_MESSAGE_LENGTH,
  ],
  ['neither length', message({ ...HEADER, type: 1 }, new Uint8Array(56)), Reason.DROP_MESSAGE_LENGTH],
  ["another feature's magic", hello(), Reason.DROP_MESSAGE_MAGIC],
])('%s is dropped', (_, payload, reason) => {
  gate.reset({});
  expect(gate.judge(control(STRANGER4, payload))).toMatchObject({ reasons: [reason], action: 'drop' });
});

describe('frames and traffic are judged as at XDP', () => {
  const cases = [...frameCases, ...trafficCases].filter(
    (given) => !given.name.includes('chain') && isTaken(frameOf(given)),
  );

  test.each(cases)('a gate $name', (given) => {
    const twin = gate.reset(given.setup ?? {});
    given.before?.(gate, twin);
    const bytes = frameOf(given);
    const { action, reasons, data } = gate.judge(bytes);
    expect(action).toBe(given.action);
    expect(reasons).toEqual([...given.reasons].sort((a, b) => a - b));
    expect(data).toEqual(bytes);
  });
});

test(`the gate and its twin agree about ${PACKETS} packets at TC`, { timeout: 600_000 }, () => {
  const random = new Random(7);
  const twin = gate.reset({ lists: LISTS });
  const bases = corpus(gate.wallMs() - 10_000n);
  for (const source of [STRANGER4, STRANGER6]) {
    const challenge = challengeFor(source, { issued: gate.wallMs() - 10_000n, salt: 99n });
    const payloads = [hello(HEADER), proofMessage(challenge, inverted(challenge), HEADER)];
    for (const payload of payloads) bases.push({ ...bases[0]!, bytes: control(source, payload) });
  }
  const counted = gate.counts();
  for (let i = 0; i < PACKETS; i++) {
    const bytes = mutate(random, random.pick(bases), bases);
    if (!isTaken(bytes)) continue;
    const { action } = gate.run(bytes);
    const outcome = judge(twin, bytes);
    const isSame = gate.packets(outcome.reason) === ++counted[outcome.reason]! && action === outcome.action;
    if (!isSame) {
      expect.fail(
        `packet ${hex(bytes)}: the gate did ${action}, its twin ${outcome.action} ${outcome.reason}`,
      );
    }
  }
});

/** Newer kernels run no TC program on a frame that ends within the header that its Ethernet type promises. */
function isTaken(bytes: Uint8Array): boolean {
  const type = (bytes[12]! << 8) | bytes[13]!;
  return bytes.length >= (type === 0x0800 ? 34 : type === 0x86dd ? 54 : 15);
}

function frameOf({ frame }: Case): Uint8Array {
  return typeof frame === 'function' ? frame(gate) : frame;
}
