import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { Reached } from '../../pow/test/support/reasons.js';
import { Reason } from '../src/signed_auth.gen.js';
import { SignedGate } from './support/gate.js';
import { testKey } from './support/keys.js';
import { PEERS, packet, Sender } from './support/packets.js';
import { sessionPayload } from './twin/trailer.js';

/** Emulated machines are slow. */
const PACKETS = 10_000;
const SEED = 20;
const KEY = testKey(3);
const SESSION = { id: 0x77n, key: new Uint8Array(16).fill(5), place: 1, keyId: 3 };
const PASSES: readonly Reason[] = [Reason.PASS_SIGNED, Reason.PASS_SESSION];

/** Each is said when all but one thing holds. */
const DEEPEST = [
  Reason.DROP_TRAILER_FORMAT,
  Reason.DROP_KEY_UNKNOWN,
  Reason.DROP_SESSION_UNKNOWN,
  Reason.DROP_TIME,
  Reason.DROP_REPLAY,
  Reason.DROP_SIGNATURE,
  Reason.DROP_SESSION_TAG,
];

let gate: SignedGate;
beforeAll(async () => {
  gate = await SignedGate.create([KEY]);
});
afterAll(() => gate[Symbol.dispose]());

/** Some bytes changed, mostly of headers and trailer; some cut off, or more behind. */
function mutate(random: Random, frame: Uint8Array): Uint8Array {
  const bytes = random.oneIn(8) ? frame.slice(0, 14 + random.below(frame.length - 14)) : frame.slice();
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.oneIn(2) ? random.below(62) : bytes.length - 1 - random.below(110);
    if (at >= 0 && at < bytes.length) bytes[at] = random.oneIn(3) ? bytes[at]! ^ 1 : random.uint32();
  }
  if (!random.oneIn(16)) return bytes;
  return Uint8Array.from([...bytes, ...random.bytes(random.below(64))]);
}

/** The UDP payload of a packet that passed. */
function payloadOf(frame: Uint8Array): Uint8Array {
  const isV6 = frame[14]! >> 4 === 6;
  const udp = 14 + (isV6 ? 40 : (frame[14]! & 15) * 4);
  const length = (frame[udp + 4]! << 8) | frame[udp + 5]!;
  expect(frame.length).toBe(udp + length);
  return frame.subarray(udp + 8);
}

test('what passes carries a payload that was signed, and each passes once at most', {
  timeout: 240_000,
}, () => {
  const random = new Random(SEED);
  gate.reset();
  gate.trust(1, KEY, { table: 0 });
  gate.open(SESSION);
  const sender = new Sender(KEY, () => gate.now());
  let passed = 0;
  for (let i = 1; i <= PACKETS; i++) {
    const payload = random.bytes(random.below(40));
    const signed = random.oneIn(2)
      ? sender.sign(payload)
      : sessionPayload({ key: SESSION.key, session: SESSION.id, counter: BigInt(i), payload });
    const frame = packet(random.pick([PEERS.ipv4, PEERS.ipv6]), signed);
    const ran = [mutate(random, frame), mutate(random, frame), frame].map((bytes) => gate.gate.run(bytes));
    const whole = ran.filter(({ action, data }) => action === 'pass' && isToService(data));
    expect([i, whole.length]).toEqual([i, 1]);
    expect(payloadOf(whole[0]!.data)).toEqual(payload);
    passed++;
  }
  const counted = PASSES.reduce<number>((sum, reason) => sum + gate.gate.packets(reason), 0);
  expect(counted).toBe(passed);
  const reached = new Reached();
  for (const [reason, count] of gate.gate.counts().entries()) reached.add(reason as Reason, count);
  reached.tell('fuzz');
  expect(reached.missing(DEEPEST)).toEqual([]);
});

/** A mutated packet may pass because it is none of the gate's: to another port or protocol, or a later fragment. */
function isToService(frame: Uint8Array): boolean {
  const [type, version] = [(frame[12]! << 8) | frame[13]!, frame[14]! >> 4];
  const isV6 = type === 0x86dd && version === 6;
  if (!isV6 && !(type === 0x0800 && version === 4)) return false;
  const protocol = isV6 ? frame[20] : frame[23];
  const isLater = !isV6 && (((frame[20]! << 8) | frame[21]!) & 0x1fff) !== 0;
  if (protocol !== 17 || isLater) return false;
  const udp = 14 + (isV6 ? 40 : (frame[14]! & 15) * 4);
  return ((frame[udp + 2]! << 8) | frame[udp + 3]!) === 5000;
}
