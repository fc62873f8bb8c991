import { afterAll, describe, expect, test } from 'vitest';
import { Reason } from '../src/reasons.gen.js';
import type { Case } from './support/case.js';
import { frameCases } from './support/cases-frames.js';
import { messageCases } from './support/cases-messages.js';
import { proofCases } from './support/cases-proofs.js';
import { trafficCases } from './support/cases-traffic.js';
import { type Judged, TestGate } from './support/gate.js';
import { judge } from './twin/gate.js';
import type { TwinState } from './twin/state.js';

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
