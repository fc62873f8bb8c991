import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Reason } from '../src/signed_auth.gen.js';
import { SignedGate } from './support/gate.js';
import { testKey } from './support/keys.js';
import { PEER4, packet, Sender, text } from './support/packets.js';
import { replay } from './support/replay.js';
import { sessionPayload } from './twin/trailer.js';

/** Emulated machines are slow, and have one CPU. */
const PACKETS = 100_000;
const XDP_PASS = 2;
const KEY = testKey(3);
const PAYLOAD = text('payload');

let gate: SignedGate;
beforeAll(async () => {
  gate = await SignedGate.create([KEY]);
});
afterAll(() => gate[Symbol.dispose]());
beforeEach(() => {
  gate.reset();
  gate.trust(1, KEY, { table: 0 });
});

/** Whether of each packet one thread saw it pass. */
async function passOnce(packets: readonly Uint8Array[]): Promise<number[]> {
  const [first, second] = await replay(gate.gate.program, packets);
  const passes = (i: number) => Number(first![i] === XDP_PASS) + Number(second![i] === XDP_PASS);
  return packets.map((_, i) => passes(i));
}

test(`${PACKETS} recorded packets, replayed by two CPUs at once, pass once each`, {
  timeout: 240_000,
}, async () => {
  const senders = [1n, 2n, 3n].map((instance) => new Sender(KEY, () => gate.now(), instance));
  const packets = Array.from({ length: PACKETS }, (_, i) => packet(PEER4, senders[i % 3]!.sign(PAYLOAD)));
  const passes = await passOnce(packets);
  expect(passes.filter((count) => count !== 1)).toEqual([]);
  expect(gate.gate.packets(Reason.PASS_SIGNED)).toBe(PACKETS);
  expect(gate.gate.packets(Reason.DROP_REPLAY)).toBe(PACKETS);
});

test(`${PACKETS} packets of a session, replayed by two CPUs at once, pass once each`, {
  timeout: 120_000,
}, async () => {
  const session = { id: 77n, key: new Uint8Array(16).fill(9), place: 1, keyId: KEY.id };
  gate.open(session);
  const { key, id } = session;
  const packets = Array.from({ length: PACKETS }, (_, i) =>
    packet(PEER4, sessionPayload({ key, session: id, counter: BigInt(i + 1), payload: PAYLOAD })),
  );
  const passes = await passOnce(packets);
  expect(passes.filter((count) => count !== 1)).toEqual([]);
});

test('two CPUs that bring new senders at once fill the places of a key, and no more', {
  timeout: 120_000,
}, async () => {
  const packets = Array.from({ length: 64 }, (_, i) => {
    const sender = new Sender(KEY, () => gate.now(), BigInt(1000 + (i >> 1)));
    return packet(PEER4, sender.sign(PAYLOAD, { fieldChanges: { counter: BigInt((i & 1) + 1) } }));
  });
  const before = gate.gate.packets(Reason.DROP_INSTANCES_FULL);
  const passes = await passOnce(packets);
  expect(passes.reduce((sum, count) => sum + count, 0)).toBe(32);
  expect(passes.every((count) => count <= 1)).toBe(true);
  expect(gate.gate.packets(Reason.DROP_INSTANCES_FULL)).toBe(before + 64);
});
