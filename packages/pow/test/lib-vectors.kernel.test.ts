import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Reason } from '@cryptbpf/core';
import { expect, test } from 'vitest';
import { CONTROL } from './support/corpus.js';
import { TestGate } from './support/gate.js';
import { frame } from './support/packets.js';
import { epochKey, makeChallenge, powHolds } from './twin/challenge.js';
import { hex } from './twin/state.js';

/* The vectors of docs/protocols.md: the twin computes them, and the gate in the kernel agrees. */

const PROTOCOLS = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const SPECIFICATION = PROTOCOLS.split(/^(?=## )/m)
  .filter((part) => /^## (The gate|Proof of work)$/m.test(part))
  .join('');
const VECTORS = new Map(
  [...SPECIFICATION.matchAll(/^(\S.*?) += ([0-9a-f]{32,})$/gm)].map(([, name, value]) => [name!, value!]),
);

const EPOCH_MS = 3_600_000n;
const ISSUED = 1_800_000_000_000n;
const FIELDS = { difficulty: 16, keyId: 1, service: 7, issued: ISSUED, salt: 0x0123456789abcdefn };
const MASTER = vector('master');
const SECRET = { id: 1, master: MASTER };
const PEER = { source: '192.0.2.1', destination: '192.0.2.99' };
const UDP_PAYLOAD = 14 + 20 + 8;

function vector(name: string): Uint8Array {
  const value = VECTORS.get(name);
  if (value === undefined) throw new Error(`docs/protocols.md has no vector "${name}"`);
  return Uint8Array.from(Buffer.from(value, 'hex'));
}

test('an epoch has its key', () => {
  expect(hex(epochKey(MASTER, FIELDS.service, ISSUED / EPOCH_MS))).toBe(VECTORS.get('epoch key'));
});

test.each(['IPv4', 'IPv6'])('a source of %s has its challenge', (kind) => {
  const challenge = makeChallenge(FIELDS, SECRET, EPOCH_MS, vector(`source ${kind}`));
  expect(hex(challenge)).toBe(VECTORS.get(`challenge ${kind}`));
});

test('the nonce is the least that holds', () => {
  const challenge = vector('challenge IPv4');
  const proof = vector('proof').slice(48);
  const nonce = new DataView(proof.buffer).getUint32(0, true);
  expect(powHolds(challenge, proof)).toBe(true);
  expect(createHash('sha256').update(challenge).update(proof.subarray(0, 8)).digest('hex')).toBe(
    VECTORS.get('hash'),
  );
  expect(nonce).toBe(80_614);
});

test('the gate in the kernel admits for the proof, and says so', () => {
  using gate = new TestGate();
  const epoch = { epochMs: EPOCH_MS, wallMs: ISSUED + 5_000n };
  gate.reset({ ...epoch, secrets: [SECRET], service: 7, difficulty: 16, lifetimeS: 3_600n });
  const answered = gate.judge(frame({ ip: PEER, udp: CONTROL, payload: vector('proof') }));
  expect(answered.reasons).toEqual([Reason.ANSWER_ADMITTED]);
  expect(hex(answered.data.subarray(UDP_PAYLOAD))).toBe(VECTORS.get('verdict, 3600 s'));
});

test('its challenge has the shape of the one that is written down', () => {
  using gate = new TestGate();
  const epoch = { epochMs: EPOCH_MS, wallMs: ISSUED };
  gate.reset({ ...epoch, secrets: [SECRET], service: 7, difficulty: 16 });
  const { data } = gate.run(frame({ ip: PEER, udp: CONTROL, payload: vector('hello') }));
  const given = hex(data.subarray(UDP_PAYLOAD));
  const written = VECTORS.get('challenge')!;
  expect(given).toHaveLength(written.length);
  /* All but the time of issue, the salt and the tag. */
  expect(given.slice(0, 48)).toBe(written.slice(0, 48));
  expect(given.slice(96)).toBe(written.slice(96));
});
