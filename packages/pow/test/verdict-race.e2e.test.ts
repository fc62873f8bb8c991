import { Reason } from '@cryptbpf/core';
import { afterAll, expect, test } from 'vitest';
import { control, fromPeer, STRANGER4, solution } from './support/corpus.js';
import { TestGate } from './support/gate.js';
import { hammer } from './support/hammer.js';
import { Lib } from './support/lib.js';
import { hello } from './support/messages.js';
import { frame, SYN } from './support/packets.js';
import { NS_PER_S } from './support/setup.js';

const gate = new TestGate();
afterAll(() => gate[Symbol.dispose]());

const HOUR = 3_600n * NS_PER_S;
const XDP_TX = 3;
const STATUS = 14 + 20 + 8 + 6;

/** How much each reason was counted while fn ran. */
async function counting(fn: () => Promise<unknown>): Promise<(reason: Reason) => number> {
  const before = gate.counts();
  await fn();
  const after = gate.counts();
  return (reason) => after[reason]! - before[reason]!;
}

test('one proof in two threads at once admits once, each time', async () => {
  gate.reset({ difficulty: 0 });
  const issued = gate.wallMs();
  const proofs = Array.from({ length: 300 }, (_, i) =>
    solution(`198.18.${i >> 8}.${i & 255}`, { issued, salt: BigInt(i), difficulty: 0 }),
  );
  const [first = [], second = []] = await hammer(gate.program, proofs);
  const statuses = first.map((hit, i) => [hit.data[STATUS], second[i]!.data[STATUS]].sort());
  expect(statuses).toEqual(proofs.map(() => [0, Reason.DROP_SPENT]));
  expect([...first, ...second].every(({ returnValue }) => returnValue === XDP_TX)).toBe(true);
});

test('proofs of one source in two threads at once admit it, with one admission and the rates that it had', async () => {
  const once = { burst: 1, intervalNs: HOUR };
  const twin = gate.reset({ difficulty: 0, wideRate: once, packetRate: once });
  gate.admit(twin, STRANGER4, 60n);
  const packet = frame({ ip: fromPeer(STRANGER4), tcp: { sourcePort: 1, destinationPort: 443, flags: SYN } });
  expect(gate.verdict(packet)).toBe(Reason.PASS_ADMITTED);
  const issued = gate.wallMs();
  const proofs = Array.from({ length: 50 }, (_, i) =>
    solution(STRANGER4, { issued, salt: BigInt(i), difficulty: 0 }),
  );
  const counted = await counting(() => hammer(gate.program, proofs));
  expect(counted(Reason.ANSWER_ADMITTED)).toBe(50);
  expect(counted(Reason.DROP_SPENT)).toBe(50);
  expect([...gate.object.maps.admitted.keys()]).toHaveLength(1);
  expect(gate.verdict(packet)).toBe(Reason.DROP_RATE_LIMITED);
});

test('the set of spent challenges holds no more than its room when two threads fill it', async () => {
  gate.reset({ difficulty: 0, spentCapacity: 64n });
  const issued = gate.wallMs();
  const proofs = Array.from({ length: 200 }, (_, i) =>
    solution(STRANGER4, { issued, salt: BigInt(i), difficulty: 0 }),
  );
  const counted = await counting(() => hammer(gate.program, proofs));
  expect(counted(Reason.ANSWER_ADMITTED)).toBeLessThanOrEqual(64);
  expect([...gate.object.maps.spent.keys()]).toHaveLength(counted(Reason.ANSWER_ADMITTED));
  expect(counted(Reason.DROP_SPENT_FULL)).toBeGreaterThan(0);
});

test.each([
  ['packetRate', 1_000, Reason.DROP_RATE_LIMITED],
  ['synRate', 300, Reason.DROP_SYN_LIMITED],
] as const)('two threads share %s: %i packets pass, no more', async (name, burst, limited) => {
  const twin = gate.reset({ [name]: { burst, intervalNs: HOUR } });
  gate.admit(twin, STRANGER4, 3_600n);
  const tcp = { sourcePort: 1, destinationPort: 443, flags: SYN };
  const packet = frame({ ip: fromPeer(STRANGER4), tcp });
  const counted = await counting(() => hammer(gate.program, [packet], { repeat: 20_000 }));
  expect(counted(Reason.PASS_ADMITTED)).toBe(burst);
  expect(counted(limited)).toBe(40_000 - burst);
});

test('two threads share the rate of answers', async () => {
  gate.reset({ answerRate: { burst: 40, intervalNs: HOUR } });
  const hellos = Array.from({ length: 100 }, (_, i) => control(STRANGER4, hello({ transaction: BigInt(i) })));
  const counted = await counting(() => hammer(gate.program, hellos));
  expect(counted(Reason.ANSWER_CHALLENGE)).toBe(40);
  expect(counted(Reason.DROP_REPLY_LIMITED)).toBe(160);
});

test('a bucket that two threads empty gives out its burst and no more', async () => {
  using lib = new Lib();
  const burst = 5_000n;
  const packet = new Uint8Array(32);
  const view = new DataView(packet.buffer);
  view.setBigUint64(0, HOUR, true);
  view.setBigUint64(8, (burst - 1n) * HOUR, true);
  const hits = (await hammer(lib.object.programs.test_contention!, [packet], { repeat: 50_000 })).flat();
  const taken = hits.map(({ data }) => new DataView(data.buffer, data.byteOffset).getBigUint64(16, true));
  expect(taken).toContain(burst);
  expect(taken.every((count) => count <= burst)).toBe(true);
});
