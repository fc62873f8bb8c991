import { afterAll, beforeAll, expect, test } from 'vitest';
import { Reason } from '../src/signed_auth.gen.js';
import { SignedGate } from './support/gate.js';
import { testKey } from './support/keys.js';
import { PEERS, packet, Sender, text } from './support/packets.js';

const KEY = testKey(3);
let gate: SignedGate;
beforeAll(async () => {
  gate = await SignedGate.create([KEY]);
});
afterAll(() => gate[Symbol.dispose]());

test.each(['ipv4', 'ipv6'] as const)('a signed packet over %s passes as if it never was signed', (family) => {
  gate.reset();
  gate.trust(1, KEY, { table: 0 });
  const sender = new Sender(KEY, () => gate.now());
  for (const length of [0, 1, 2, 3, 39, 40, 41, 63, 64, 65, 500, 1333, 1372]) {
    const payload = Uint8Array.from({ length }, (_, i) => i * 7);
    const judged = gate.judge(packet(PEERS[family], sender.sign(payload)));
    expect([length, judged.reasons, judged.action]).toEqual([length, [Reason.PASS_SIGNED], 'pass']);
    expect(judged.data).toEqual(packet(PEERS[family], payload));
  }
  expect(gate.judge(packet(PEERS[family], text('plain'))).reasons).toEqual([Reason.DROP_UNSIGNED]);
});
