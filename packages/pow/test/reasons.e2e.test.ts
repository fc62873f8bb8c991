import { type HashMap, type MapType, openObject, Reason } from '@cryptbpf/core';
import { afterAll, describe, expect, test } from 'vitest';
import type { Case } from './support/case.js';
import { frameCases } from './support/cases-frames.js';
import { messageCases } from './support/cases-messages.js';
import { proofCases } from './support/cases-proofs.js';
import { trafficCases } from './support/cases-traffic.js';
import { fromPeer, STRANGER4, solution } from './support/corpus.js';
import { BUILD, type Judged, POW, TestGate } from './support/gate.js';
import { frame } from './support/packets.js';
import { isOurs } from './support/reasons.js';
import { judge } from './twin/gate.js';
import type { TwinState } from './twin/state.js';

/** In a frame of IPv4 without a VLAN. */
const VERDICT_STATUS = 14 + 20 + 8 + 6;
/** Of 48 bytes and their header, in a ring of 256 KiB. */
const EVENTS_AT_MOST = 8192;

const gate = new TestGate();
const reached = new Set<Reason>();
afterAll(() => gate[Symbol.dispose]());

describe.each([
  ['frames', frameCases],
  ['traffic to protected ports', trafficCases],
  ['messages to the gate', messageCases],
  ['proofs', proofCases],
])('%s', (_, cases) => {
  test.each(cases)('a gate $name', (given) => {
    const twin = gate.reset(given.setup ?? {});
    given.before?.(gate, twin);
    const bytes = frameOf(given);
    const judged = gate.judge(bytes);
    for (const reason of judged.reasons) reached.add(reason);
    expect(named(judged.reasons)).toEqual(named([...given.reasons].sort((a, b) => a - b)));
    expect(judged.action).toBe(given.action);
    if (!given.twinless) compare(twin, bytes, judged, given);
  });
});

test('a gate refuses a source that the kernel cannot store', () => {
  using lib = openObject(new URL('lib_test.bpf.o', BUILD)).load();
  const full = lib.map('admitted') as HashMap<Uint8Array, Uint8Array>;
  using gate = new TestGate({ reuse: { admitted: full } }, POW, (spec) => {
    (spec.map('admitted') as { type: MapType }).type = 'hash';
  });
  full.set(new Uint8Array(16), new Uint8Array(40));
  const judged = gate.judge(solution(STRANGER4, { issued: gate.wallMs(), salt: 1n }));
  for (const reason of judged.reasons) reached.add(reason);
  expect(named(judged.reasons)).toEqual(['DROP_ADMISSION_FAILED']);
  expect(judged.action).toBe('tx');
  expect(judged.data[VERDICT_STATUS]).toBe(Reason.DROP_ADMISSION_FAILED);
});

test('a gate counts the events for which its ring has no room', () => {
  using gate = new TestGate();
  gate.reset({ eventRate: { burst: 1, intervalNs: 0n } });
  const packet = frame({ ip: fromPeer(STRANGER4), udp: { sourcePort: 1, destinationPort: 443 } });
  for (let i = 0; i < EVENTS_AT_MOST && gate.packets(Reason.EVENT_LOST) === 0; i++) gate.run(packet);
  const judged = gate.judge(packet);
  for (const reason of judged.reasons) reached.add(reason);
  expect(named(judged.reasons)).toEqual(['DROP_NOT_ADMITTED', 'EVENT_LOST']);
});

test('every reason is reached by a test of this file', () => {
  const known = Object.values(Reason).filter((reason) => reason !== 0 && isOurs(reason));
  expect(named(known.filter((reason) => !reached.has(reason)))).toEqual([]);
});

function frameOf({ frame }: Case): Uint8Array {
  return typeof frame === 'function' ? frame(gate) : frame;
}

function compare(twin: TwinState, bytes: Uint8Array, judged: Judged, given: Case): void {
  const outcome = judge(twin, bytes, judged.action === 'tx' ? judged.data : undefined);
  expect([outcome.reason, outcome.action]).toEqual([given.reasons[0], given.action]);
  if (outcome.reply) expect(judged.data).toEqual(outcome.reply);
  else expect(judged.data).toEqual(bytes);
}

function named(reasons: readonly Reason[]): string[] {
  return reasons.map((reason) => Object.entries(Reason).find(([, value]) => value === reason)![0]);
}
