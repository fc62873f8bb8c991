import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressBytes } from '../../pow/test/support/addresses.js';
import { message, proofMessage } from '../../pow/test/support/messages.js';
import { frame } from '../../pow/test/support/packets.js';
import { PLAIN, KEY as SECRET } from '../../pow/test/support/setup.js';
import { makeChallenge } from '../../pow/test/twin/challenge.js';
import { Reason } from '../src/signed_auth.gen.js';
import { AUDIENCE, CONTROL_PORT, SignedGate, TCP_PORT, UDP_PORT } from './support/gate.js';
import { testKey } from './support/keys.js';
import {
  control,
  endsOf,
  PEER_PORT,
  PEER4,
  PEER6,
  PEERS,
  packet,
  SERVER4,
  Sender,
  text,
} from './support/packets.js';
import { concat, knockProof, MAGIC, requestBody, sessionPayload } from './twin/trailer.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** Emulated machines are slow. */
const STEP = process.env.CRYPTBPF_VM ? 13 : 1;
const KEY = testKey(3);
const OTHER = testKey(4);
const PAYLOAD = text('hello');
const HOUR = 3_600_000_000_000n;
const ONCE = { burst: 1, intervalNs: HOUR };
const SESSION = {
  id: 0xabcdef0123400005n,
  key: Uint8Array.from({ length: 16 }, (_, i) => i),
  place: 1,
  keyId: 3,
};

let gate: SignedGate;
beforeAll(async () => {
  gate = await SignedGate.create([KEY]);
});
afterAll(() => gate[Symbol.dispose]());

let sender: Sender;
beforeEach(() => {
  gate.reset();
  gate.trust(1, KEY, { table: 0 });
  sender = new Sender(KEY, () => gate.now());
});

const names = new Map(Object.entries(Reason).map(([name, value]) => [value, name]));
const verdict = (bytes: Uint8Array) => gate.judge(bytes).reasons.map((reason) => names.get(reason));
const from4 = (payload: Uint8Array) => verdict(packet(PEER4, payload));

describe('a packet', () => {
  test.each([
    ['without a trailer', () => text('plain text without anything'), 'DROP_UNSIGNED'],
    ['that is empty', () => new Uint8Array(), 'DROP_UNSIGNED'],
    ['with another magic', () => sender.sign(PAYLOAD, { foot: { magic: MAGIC + 1 } }), 'DROP_UNSIGNED'],
    ['of another version', () => sender.sign(PAYLOAD, { foot: { version: 2 } }), 'DROP_TRAILER_VERSION'],
    ['of an unknown type', () => sender.sign(PAYLOAD, { foot: { type: 4 } }), 'DROP_TRAILER_FORMAT'],
    ['with reserved bytes set', () => sender.sign(PAYLOAD, { foot: { reserved: 1 } }), 'DROP_TRAILER_FORMAT'],
    ['shorter than its trailer', () => sender.sign(new Uint8Array()).subarray(1), 'DROP_TRAILER_FORMAT'],
    [
      'with a reserved field set',
      () => sender.sign(PAYLOAD, { fieldChanges: { reserved: 1 } }),
      'DROP_TRAILER_FORMAT',
    ],
    ['of instance 0', () => sender.sign(PAYLOAD, { fieldChanges: { instance: 0n } }), 'DROP_TRAILER_FORMAT'],
    ['of counter 0', () => sender.sign(PAYLOAD, { fieldChanges: { counter: 0n } }), 'DROP_TRAILER_FORMAT'],
    ['of an unknown key', () => sender.sign(PAYLOAD, { fieldChanges: { keyId: 9 } }), 'DROP_KEY_UNKNOWN'],
    [
      'signed too long ago',
      () => sender.sign(PAYLOAD, { fieldChanges: { time: gate.now() - 3_602 } }),
      'DROP_TIME',
    ],
    [
      'signed in the future',
      () => sender.sign(PAYLOAD, { fieldChanges: { time: gate.now() + 3_603 } }),
      'DROP_TIME',
    ],
    ['for another audience', () => sender.sign(PAYLOAD, { audience: 'other.example' }), 'DROP_SIGNATURE'],
    ['signed by another key', () => sender.sign(PAYLOAD, { key: OTHER.privateKey }), 'DROP_SIGNATURE'],
    [
      'of an unknown session',
      () => sessionPayload({ ...SESSION, session: 7n, counter: 1n, payload: PAYLOAD }),
      'DROP_SESSION_UNKNOWN',
    ],
  ] as const)('%s is dropped', (_, build, reason) => {
    expect(from4(build())).toEqual([reason]);
    expect(from4(sender.sign(PAYLOAD))).toEqual(['PASS_SIGNED']);
  });

  test('is dropped for each bit that is changed on the way', () => {
    const good = sender.sign(PAYLOAD);
    for (let bit = 0; bit < good.length * 8; bit += STEP) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      if (gate.judge(packet(PEER4, bad)).action !== 'drop') expect.fail(`bit ${bit} may be another`);
    }
    expect(from4(good)).toEqual(['PASS_SIGNED']);
  });

  test('whose UDP length is not what IP says is dropped', () => {
    const payload = sender.sign(PAYLOAD);
    const udp = { sourcePort: 1, destinationPort: UDP_PORT, length: payload.length + 7 };
    expect(verdict(packet(PEER4, payload, { udp }))).toEqual(['DROP_TRAILER_FORMAT']);
  });

  test('passes once', () => {
    const signed = packet(PEER4, sender.sign(PAYLOAD));
    expect(verdict(signed)).toEqual(['PASS_SIGNED']);
    expect(verdict(signed)).toEqual(['DROP_REPLAY']);
    expect(verdict(packet(PEER6, signed.subarray(42)))).toEqual(['DROP_REPLAY']);
  });

  test('may come late within the window, once, and not from before it', () => {
    const late = [1n, 2n, 976n, 977n, 1_999n].map((counter) =>
      sender.sign(PAYLOAD, { fieldChanges: { counter } }),
    );
    expect(from4(sender.sign(PAYLOAD, { fieldChanges: { counter: 2_000n } }))).toEqual(['PASS_SIGNED']);
    expect(late.map((payload) => from4(payload)[0])).toEqual([
      'DROP_REPLAY',
      'DROP_REPLAY',
      'DROP_REPLAY',
      'PASS_SIGNED',
      'PASS_SIGNED',
    ]);
    expect(late.map((payload) => from4(payload)[0])).toEqual(new Array(5).fill('DROP_REPLAY'));
  });

  test('of a key without a table passes as well', () => {
    gate.trust(2, OTHER);
    const other = new Sender(OTHER, () => gate.now());
    expect(from4(other.sign(PAYLOAD))).toEqual(['PASS_SIGNED']);
    expect(from4(other.sign(PAYLOAD, { key: KEY.privateKey }))).toEqual(['DROP_SIGNATURE']);
  });

  test('of a key that was revoked, or is over, is dropped', () => {
    gate.revoke(KEY.id);
    expect(from4(sender.sign(PAYLOAD))).toEqual(['DROP_KEY_UNKNOWN']);
    gate.trust(1, KEY, { expiresS: BigInt(gate.now()) });
    expect(from4(sender.sign(PAYLOAD))).toEqual(['DROP_KEY_EXPIRED']);
  });

  test('from before the gate came up is dropped', () => {
    const notBeforeMs = gate.gate.wallMs();
    gate.reset({}, { notBeforeMs });
    gate.trust(1, KEY);
    const time = Math.floor(Number(notBeforeMs) / 1000);
    expect(from4(sender.sign(PAYLOAD, { fieldChanges: { time } }))).toEqual(['DROP_BEFORE_ATTACH']);
    expect(from4(sender.sign(PAYLOAD, { fieldChanges: { time: time + 1 } }))).toEqual(['PASS_SIGNED']);
  });

  test('is dropped while the clock is stale', () => {
    gate.reset({}, { clockAgeS: 10n, clockHorizonS: 5n });
    gate.trust(1, KEY);
    expect(from4(sender.sign(PAYLOAD))).toEqual(['DROP_CLOCK_STALE']);
  });

  test('of a seventeenth sender is dropped, until the packets of another one are too old', () => {
    gate.reset({ freshnessS: 30n });
    gate.trust(1, KEY, { table: 0 });
    const now = gate.now();
    const signed = (instance: bigint, time: number) =>
      sender.sign(PAYLOAD, { fieldChanges: { instance, time, counter: 1n } });
    for (let i = 1n; i <= 16n; i++) expect(from4(signed(i, now))).toEqual(['PASS_SIGNED']);
    expect(from4(signed(17n, now))).toEqual(['DROP_INSTANCES_FULL']);
    expect(from4(signed(16n, now))).toEqual(['DROP_REPLAY']);
    gate.gate.reset({ port: CONTROL_PORT, udpPorts: [UDP_PORT], wallMs: BigInt(now + 40) * 1000n });
    expect(from4(signed(17n, now + 40))).toEqual(['PASS_SIGNED']);
    expect(from4(signed(16n, now + 40))).toEqual(['DROP_REPLAY']);
  });

  test('whose addresses are signed passes from there, and from nowhere else', () => {
    gate.reset({ bindAddress: true });
    gate.trust(1, KEY, { table: 0 });
    for (const source of [PEER4, PEER6]) {
      const ends = endsOf(source);
      expect(verdict(packet(source, sender.sign(PAYLOAD, { ends })))).toEqual(['PASS_SIGNED']);
      const moved = { sourcePort: PEER_PORT + 1, destinationPort: UDP_PORT };
      expect(verdict(packet(source, sender.sign(PAYLOAD, { ends }), { udp: moved }))).toEqual([
        'DROP_SIGNATURE',
      ]);
      const elsewhere = { ip: { source: PEER4, destination: '192.0.2.2' } };
      expect(verdict(packet(source, sender.sign(PAYLOAD, { ends }), elsewhere))).toEqual(['DROP_SIGNATURE']);
    }
    expect(from4(sender.sign(PAYLOAD))).toEqual(['DROP_SIGNATURE']);
  });

  test('keeps its trailer where the operator wants it', () => {
    gate.reset({ keepTrailer: true });
    gate.trust(1, KEY);
    const whole = packet(PEER4, sender.sign(PAYLOAD));
    expect(gate.judge(whole)).toMatchObject({ action: 'pass', data: whole });
  });

  test('is stripped behind VLAN tags, IP options and extension headers, and of what is behind it', () => {
    const v4 = { source: PEER4, destination: SERVER4, options: new Uint8Array(12) };
    const v6 = {
      source: PEER6,
      destination: '2001:db8::1',
      extensions: [{ header: 0, bytes: 16 }, { header: 60 }],
    };
    for (const changes of [{ ip: v4 }, { ip: v6 }, { vlan: [5] }, { vlan: [{ id: 1, type: 0x88a8 }, 2] }]) {
      const padded = packet(PEER4, sender.sign(PAYLOAD), { ...changes, trailer: new Uint8Array(7) });
      const judged = gate.judge(padded);
      expect(judged.reasons).toEqual([Reason.PASS_SIGNED]);
      expect(judged.data).toEqual(packet(PEER4, PAYLOAD, changes));
    }
  });

  test('without a UDP checksum gets none', () => {
    const udp = { sourcePort: PEER_PORT, destinationPort: UDP_PORT, checksum: 0 };
    const judged = gate.judge(packet(PEER4, sender.sign(PAYLOAD), { udp }));
    expect(judged.data).toEqual(packet(PEER4, PAYLOAD, { udp }));
  });

  test('with a wrong checksum still has one', () => {
    const udp = { sourcePort: PEER_PORT, destinationPort: UDP_PORT, checksum: 0x1234 };
    const [right, wrong] = [undefined, udp].map((changes) => {
      const payload = sender.sign(PAYLOAD, { fieldChanges: { counter: ++sender.counter } });
      const sent = packet(PEER4, payload, changes ? { udp: changes } : {});
      return [sent, gate.judge(sent).data].map((bytes) => (bytes[40]! << 8) | bytes[41]!);
    }) as [number[], number[]];
    expect(right[1]).not.toBe(wrong[1]);
  });
});

describe('in monitor mode', () => {
  test('what would be dropped passes whole, and what is signed is stripped', () => {
    gate.reset({}, { monitor: true });
    gate.trust(1, KEY);
    const plain = packet(PEER4, text('plain'));
    expect(gate.judge(plain)).toMatchObject({
      action: 'pass',
      data: plain,
      reasons: [Reason.PASS_MONITORED, Reason.DROP_UNSIGNED],
    });
    expect(gate.judge(packet(PEER4, sender.sign(PAYLOAD))).data).toEqual(packet(PEER4, PAYLOAD));
  });
});

function challengeFor(source: string, changes: { issued?: bigint; service?: number } = {}): Uint8Array {
  const { issued = gate.gate.wallMs(), service = PLAIN.service } = changes;
  const fields = { difficulty: 0, keyId: SECRET.id, service, issued, salt: 99n };
  return makeChallenge(fields, SECRET, PLAIN.epochMs, addressBytes(source));
}

/** Payload of a UDP packet without options. */
const payloadOf = (bytes: Uint8Array, source: string) =>
  bytes.slice(14 + (source.includes(':') ? 40 : 20) + 8);

describe('when curve operations are scarce', () => {
  beforeEach(() => {
    gate.reset({ allRate: { burst: 4, intervalNs: HOUR } });
    gate.trust(1, KEY, { table: 0 });
    const spent = [1, 2, 3].map(() => from4(sender.sign(PAYLOAD, { key: OTHER.privateKey }))[0]);
    expect(spent).toEqual(['DROP_SIGNATURE', 'DROP_SIGNATURE', 'ANSWER_COOKIE']);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'a packet over %s is answered with a cookie, with which it passes',
    (family) => {
      const source = PEERS[family];
      const answer = gate.judge(packet(source, sender.sign(PAYLOAD)));
      expect(answer.action).toBe('tx');
      const told = payloadOf(answer.data, source);
      expect(told.length).toBe(64);
      const head = message({ type: 2, magic: MAGIC, transaction: sender.counter }, new Uint8Array());
      expect(told.slice(0, 16)).toEqual(head);
      expect(told.slice(48)).toEqual(addressBytes(source));
      const back = frame({
        ip: {
          source: source === PEER4 ? SERVER4 : '2001:db8::1',
          destination: source,
          ttl: 64,
        },
        udp: { sourcePort: UDP_PORT, destinationPort: PEER_PORT },
        payload: told,
      });
      expect(answer.data.slice(12)).toEqual(back.slice(12));
      const cookie = told.slice(16, 48);
      const judged = gate.judge(packet(source, sender.sign(PAYLOAD, { cookie })));
      expect(judged.reasons).toEqual([Reason.PASS_SIGNED]);
      expect(judged.data).toEqual(packet(source, PAYLOAD));
    },
  );

  test('a cookie may be used again, until the budget is spent', () => {
    const cookie = challengeFor(PEER4);
    const reasons = [1, 2, 3].map(() => from4(sender.sign(PAYLOAD, { cookie }))[0]);
    expect(reasons).toEqual(['PASS_SIGNED', 'PASS_SIGNED', 'DROP_CURVE_BUDGET']);
  });

  test('a cookie that does not hold is answered with one that does', () => {
    const stale = gate.gate.wallMs() - PLAIN.challengeMs - 1n;
    const wrong = [
      challengeFor(PEER6),
      challengeFor(PEER4, { issued: stale }),
      challengeFor(PEER4, { service: 1 }),
      new Uint8Array(32),
    ];
    for (const cookie of wrong) {
      const judged = gate.judge(packet(PEER4, sender.sign(PAYLOAD, { cookie })));
      expect([judged.reasons, judged.action]).toEqual([[Reason.DROP_COOKIE], 'tx']);
      const fresh = payloadOf(judged.data, PEER4).slice(16, 48);
      expect(fresh).not.toEqual(cookie);
    }
  });

  test('sessions go on', () => {
    gate.open(SESSION);
    const payload = sessionPayload({ ...SESSION, session: SESSION.id, counter: 1n, payload: PAYLOAD });
    expect(from4(payload)).toEqual(['PASS_SESSION']);
  });

  test('answers are limited for each source, and not given behind IP options', () => {
    gate.reset({ allRate: ONCE }, { answerRate: { burst: 1, intervalNs: HOUR } });
    gate.trust(1, KEY, { table: 0 });
    expect(from4(sender.sign(PAYLOAD))).toEqual(['PASS_SIGNED']);
    const ip = { source: PEER4, destination: SERVER4, options: new Uint8Array(4) };
    expect(verdict(packet(PEER4, sender.sign(PAYLOAD), { ip }))).toEqual(['DROP_COOKIE']);
    expect(from4(sender.sign(PAYLOAD))).toEqual(['ANSWER_COOKIE']);
    expect(from4(sender.sign(PAYLOAD))).toEqual(['DROP_REPLY_LIMITED']);
  });
});

describe('budgets', () => {
  test('of a source, of a key and of the gate end by themselves', () => {
    const bad = (cookie?: Uint8Array) =>
      sender.sign(PAYLOAD, { key: OTHER.privateKey, ...(cookie ? { cookie } : {}) });
    gate.reset({ sourceRate: ONCE });
    gate.trust(1, KEY, { table: 0 });
    expect(from4(bad())).toEqual(['DROP_SIGNATURE']);
    expect(from4(bad())).toEqual(['DROP_SOURCE_BUDGET']);
    gate.reset({ keyRate: ONCE });
    gate.trust(1, KEY, { table: 0 });
    expect(from4(bad())).toEqual(['DROP_SIGNATURE']);
    expect(from4(bad(challengeFor(PEER4)))).toEqual(['DROP_KEY_BUDGET']);
  });
});

describe('a session', () => {
  const tagged = (counter: bigint, changes: Partial<{ key: Uint8Array; payload: Uint8Array }> = {}) =>
    sessionPayload({ key: SESSION.key, session: SESSION.id, payload: PAYLOAD, counter, ...changes });

  beforeEach(() => gate.open(SESSION));

  test.each(['ipv4', 'ipv6'] as const)('lets its packets pass over %s, of every length', (family) => {
    for (let length = 0; length <= 1400; length += length < 140 ? STEP : 97) {
      const payload = Uint8Array.from({ length }, (_, i) => i + length);
      const judged = gate.judge(packet(PEERS[family], tagged(BigInt(length + 1), { payload })));
      expect([length, judged.reasons]).toEqual([length, [Reason.PASS_SESSION]]);
      expect(hex(judged.data)).toBe(hex(packet(PEERS[family], payload)));
    }
  });

  test('lets each of them pass once, and none that was changed', () => {
    const good = tagged(1n);
    for (let bit = 0; bit < good.length * 8; bit += STEP) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      if (gate.judge(packet(PEER4, bad)).action !== 'drop') expect.fail(`bit ${bit} may be another`);
    }
    expect(from4(good)).toEqual(['PASS_SESSION']);
    expect(from4(good)).toEqual(['DROP_REPLAY']);
    expect(from4(tagged(2n, { key: new Uint8Array(16) }))).toEqual(['DROP_SESSION_TAG']);
    expect(from4(tagged(0n))).toEqual(['DROP_TRAILER_FORMAT']);
  });

  test('is over with its time, its counter and its key', () => {
    expect(from4(tagged(2n ** 32n))).toEqual(['PASS_SESSION']);
    expect(from4(tagged(2n ** 32n + 1n))).toEqual(['DROP_SESSION_EXPIRED']);
    gate.trust(1, KEY, { expiresS: 1n });
    expect(from4(tagged(2n ** 32n - 1n))).toEqual(['DROP_KEY_EXPIRED']);
    gate.revoke(KEY.id);
    expect(from4(tagged(2n ** 32n - 1n))).toEqual(['DROP_KEY_UNKNOWN']);
    gate.open({ ...SESSION, lifetimeS: -1n });
    expect(from4(tagged(3n))).toEqual(['DROP_SESSION_EXPIRED']);
  });
});

describe('a knock', () => {
  const tcp = (source: string) =>
    frame({
      ip: { source, destination: source === PEER4 ? SERVER4 : '2001:db8::1' },
      tcp: { sourcePort: 1, destinationPort: TCP_PORT, flags: 2 },
    });
  const knock = (source: string, challenge = challengeFor(source), key = KEY) =>
    control(
      source,
      proofMessage(challenge, knockProof(key.privateKey, KEY.id, AUDIENCE, challenge, addressBytes(source)), {
        magic: MAGIC,
      }),
    );

  test.each(['ipv4', 'ipv6'] as const)('over %s opens TCP ports to its source', (family) => {
    const source = PEERS[family];
    expect(verdict(tcp(source))).toEqual(['DROP_NOT_ADMITTED']);
    const judged = gate.judge(knock(source));
    expect([judged.reasons, judged.action]).toEqual([[Reason.ANSWER_ADMITTED], 'tx']);
    const told = payloadOf(judged.data, source);
    expect([told.length, told[5], told[6]]).toEqual([116, 4, 0]);
    expect(verdict(tcp(source))).toEqual(['PASS_ADMITTED']);
  });

  test('counts once, for the source that has the challenge', () => {
    const challenge = challengeFor(PEER4);
    expect(verdict(knock(PEER4, challenge))).toEqual(['ANSWER_ADMITTED']);
    expect(verdict(knock(PEER4, challenge))).toEqual(['DROP_SPENT']);
    expect(verdict(knock(PEER6, challenge))).toEqual(['DROP_TAG']);
  });

  test('that is wrong is told so', () => {
    const refused = (bytes: Uint8Array) => {
      const judged = gate.judge(bytes);
      return [judged.action, names.get(judged.reasons[0]!), payloadOf(judged.data, PEER4)[6]];
    };
    expect(refused(knock(PEER4, challengeFor(PEER4), OTHER))).toEqual([
      'tx',
      'DROP_PROOF',
      Reason.DROP_PROOF,
    ]);
    gate.revoke(KEY.id);
    expect(refused(knock(PEER4))).toEqual(['tx', 'DROP_KEY_UNKNOWN', Reason.DROP_KEY_UNKNOWN]);
    expect(verdict(tcp(PEER4))).toEqual(['DROP_NOT_ADMITTED']);
  });

  test('does not open UDP ports', () => {
    expect(verdict(knock(PEER4))).toEqual(['ANSWER_ADMITTED']);
    expect(from4(PAYLOAD)).toEqual(['DROP_UNSIGNED']);
  });
});

describe('a session request', () => {
  const request = (source: string, challenge = challengeFor(source), key = KEY) => {
    const ephemeral = OTHER.publicKey.slice(1);
    const body = requestBody(key.privateKey, KEY.id, AUDIENCE, challenge, addressBytes(source), ephemeral);
    return control(source, message({ type: 5, magic: MAGIC }, concat(challenge, body)));
  };

  test.each(['ipv4', 'ipv6'] as const)('over %s passes whole, once', (family) => {
    const bytes = request(PEERS[family]);
    expect(gate.judge(bytes)).toMatchObject({
      action: 'pass',
      reasons: [Reason.PASS_SESSION_REQUEST],
      data: bytes,
    });
    const again = gate.judge(bytes);
    expect([again.action, again.reasons]).toEqual(['tx', [Reason.DROP_SPENT]]);
    const told = payloadOf(again.data, PEERS[family]);
    expect([told.length, told[5], told[6]]).toEqual([180, 4, Reason.DROP_SPENT]);
    const ip = again.data;
    expect(ip.length).toBe(bytes.length);
  });

  test('that is wrong is told so', () => {
    const judged = gate.judge(request(PEER4, challengeFor(PEER4), OTHER));
    expect([judged.action, judged.reasons]).toEqual(['tx', [Reason.DROP_PROOF]]);
  });

  test('of another length is dropped', () => {
    const bytes = message({ type: 5, magic: MAGIC }, new Uint8Array(48));
    expect(verdict(control(PEER4, bytes))).toEqual(['DROP_MESSAGE_LENGTH']);
  });
});

test('what became of the packets of a key is counted', () => {
  gate.open(SESSION);
  gate.maps.key_stats.set(
    0,
    gate.maps.key_stats.at(0).map(() => EMPTY_STAT),
  );
  from4(sender.sign(PAYLOAD));
  from4(sender.sign(PAYLOAD));
  from4(sender.sign(PAYLOAD, { key: OTHER.privateKey }));
  from4(sessionPayload({ key: SESSION.key, session: SESSION.id, payload: PAYLOAD, counter: 1n }));
  const stats = gate.maps.key_stats.at(0);
  const sum = (of: (stat: (typeof stats)[number]) => bigint) =>
    stats.reduce((all, stat) => all + of(stat), 0n);
  expect(sum(({ signatures }) => signatures)).toBe(2n);
  expect(sum(({ tags }) => tags)).toBe(1n);
  expect(sum(({ rejected }) => rejected[Reason.DROP_SIGNATURE - Reason.DROP_KEY_EXPIRED]!)).toBe(1n);
});

const EMPTY_STAT = { signatures: 0n, tags: 0n, lastSeenNs: 0n, rejected: new Array<bigint>(13).fill(0n) };
