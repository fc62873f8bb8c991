import { createECDH } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { proofMessage } from '../../pow/test/support/messages.js';
import { frame } from '../../pow/test/support/packets.js';
import { acceptRequest, parseRequest, requestHolds } from '../src/handshake.js';
import { readPublicKey } from '../src/keys.js';
import { audienceOf } from '../src/midstate.js';
import { Reason } from '../src/signed_auth.gen.js';
import { CONTROL_PORT, SignedGate } from './support/gate.js';
import { concat, MAGIC, sessionPayload } from './twin/trailer.js';

/* The vectors of docs/protocols.md, read from there, and judged by the program. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification.split('## Signed packets')[1]!.split('### Vectors')[1]!;

function vector(name: string): Uint8Array {
  const line = section.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  return Uint8Array.from(Buffer.from(/= ([0-9a-f]+)/.exec(line!)![1]!, 'hex'));
}

const PORT = 7777;
const IP = { source: '192.0.2.1', destination: '192.0.2.2' };
const publicKey = concat(Uint8Array.of(4), vector('public key'));
const AUDIENCE = 'vectors.example';
const MASTER = Uint8Array.from({ length: 32 }, (_, i) => i);

let gate: SignedGate;
beforeAll(async () => {
  gate = await SignedGate.create();
});
afterAll(() => gate[Symbol.dispose]());
beforeEach(() => setUp());

function setUp(bindAddress = false): void {
  const secrets = [{ id: 1, master: MASTER }];
  const clock = { wallMs: 1_800_000_000_000n, epochMs: 3_600_000n, challengeMs: 30_000n };
  gate.reset({ audience: AUDIENCE, bindAddress }, { ...clock, secrets, service: 7, udpPorts: [PORT] });
  gate.trust(1, { id: 258, publicKey });
}

const to = (destinationPort: number, payload: Uint8Array) =>
  frame({ ip: IP, udp: { sourcePort: 40_000, destinationPort }, payload });
const reasons = (destinationPort: number, payload: Uint8Array) =>
  gate.judge(to(destinationPort, payload)).reasons;

test('packets pass as hello', () => {
  for (const name of ['SIGNED, counter 1', 'WITH_COOKIE, 2']) {
    const { reasons, data } = gate.judge(to(PORT, vector(name)));
    expect([name, reasons]).toEqual([name, [Reason.PASS_SIGNED]]);
    expect(data).toEqual(to(PORT, Buffer.from('hello')));
  }
  setUp(true);
  expect(reasons(PORT, vector('bindAddress'))).toEqual([Reason.PASS_SIGNED]);
});

test('the knock is admitted, the session request passes', () => {
  const challenge = vector('challenge');
  const knock = proofMessage(challenge, vector('knock, the proof'), { magic: MAGIC });
  expect(reasons(CONTROL_PORT, knock)).toEqual([Reason.ANSWER_ADMITTED]);
  setUp();
  expect(reasons(CONTROL_PORT, vector('SESSION_REQUEST'))).toEqual([Reason.PASS_SESSION_REQUEST]);
});

test('the controller accepts the session request, and what is tagged with its key passes', () => {
  const request = parseRequest(vector('SESSION_REQUEST'))!;
  const source = Uint8Array.from(Buffer.from('00000000000000000000ffffc0000201', 'hex'));
  const key = readPublicKey(publicKey).keyObject;
  expect(requestHolds(request, { key, audience: audienceOf(AUDIENCE), source })).toBe(true);
  expect(requestHolds(request, { key, audience: audienceOf('other.example'), source })).toBe(false);
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(vector("gate's ephemeral"));
  const accept = vector('SESSION_ACCEPT');
  const id = new DataView(accept.buffer).getBigUint64(16);
  const accepted = acceptRequest(request, id, 3600, ecdh);
  expect(Buffer.compare(accepted.message, accept)).toBe(0);
  expect(accepted.key).toEqual(vector('session key'));
  const payload = Buffer.from('hello');
  const own = { key: accepted.key, counter: 1n, payload };
  expect(sessionPayload({ ...own, session: id })).toEqual(vector('SESSION, counter 1'));
  /* The same under an id for which these maps have room. */
  gate.open({ id: 5n, key: accepted.key, place: 1, keyId: 258 });
  expect(reasons(PORT, sessionPayload({ ...own, session: 5n }))).toEqual([Reason.PASS_SESSION]);
});
