import { Reason } from '@cryptbpf/core';
import { afterAll, describe, expect, test } from 'vitest';
import { addressBytes } from './support/addresses.js';
import {
  ADMITTED4,
  ADMITTED6,
  ALLOWED4,
  CONTROL,
  challengeFor,
  fromPeer,
  LISTS,
  SERVER4,
  SERVER6,
} from './support/corpus.js';
import { TestGate } from './support/gate.js';
import { hello, message, proofMessage } from './support/messages.js';
import { ACK, concat, type Frame, frame, SYN } from './support/packets.js';
import { KEY, PLAIN } from './support/setup.js';
import { makeChallenge, solvePow } from './twin/challenge.js';

const gate = new TestGate();
afterAll(() => gate[Symbol.dispose]());

/** The kernel gives no program a shorter frame. */
const ETHERNET = 14;
const WEB = { sourcePort: 40_000, destinationPort: 443 };
const PAYLOAD = Uint8Array.from({ length: 40 }, (_, i) => i);
const EXTENSIONS = [{ header: 0, bytes: 16 }, { header: 60 }, { header: 43, bytes: 24 }];
const OPTIONS = new Uint8Array(12);

describe('a frame cut short', () => {
  /** Emulated, every fifth length. */
  const STEP = process.env.CRYPTBPF_VM ? 5 : 1;
  const WHOLE: Record<string, Frame> = {
    'TCP over IPv4': { ip: fromPeer(ADMITTED4), tcp: { ...WEB, flags: SYN } },
    'UDP over IPv4 with options': {
      ip: { ...fromPeer(ADMITTED4), options: OPTIONS },
      udp: WEB,
      payload: PAYLOAD,
    },
    'UDP over IPv4 of an allowed source': { ip: fromPeer(ALLOWED4), udp: WEB, payload: PAYLOAD },
    'TCP over IPv6': { ip: fromPeer(ADMITTED6), tcp: { ...WEB, flags: ACK }, payload: PAYLOAD },
    'UDP over IPv6 with extension headers': {
      ip: { ...fromPeer(ADMITTED6), extensions: EXTENSIONS },
      udp: WEB,
    },
    'TCP over IPv4 in a VLAN': { vlan: [5], ip: fromPeer(ADMITTED4), tcp: { ...WEB, flags: SYN } },
    'UDP over IPv6 in two VLANs': { vlan: [5, 6], ip: fromPeer(ADMITTED6), udp: WEB, payload: PAYLOAD },
    'a hello': { ip: fromPeer(ADMITTED4), udp: CONTROL, payload: hello() },
    'a hello in a VLAN over IPv6': { vlan: [5], ip: fromPeer(ADMITTED6), udp: CONTROL, payload: hello() },
  };

  test.each(Object.entries(WHOLE))(
    '%s: no part passes or is answered, until only what is behind the IP packet is missing',
    (_, spec) => {
      const twin = gate.reset({ lists: LISTS });
      gate.admit(twin, ADMITTED4, 3_600n);
      gate.admit(twin, ADMITTED6, 3_600n);
      const whole = frame(spec);
      const padded = concat(whole, new Uint8Array(20));
      const good = [Reason.PASS_ADMITTED, Reason.PASS_ALLOWED, Reason.ANSWER_CHALLENGE] as Reason[];
      for (let length = ETHERNET; length <= padded.length; length += STEP) {
        const { reasons, action } = gate.judge(padded.slice(0, length));
        if (length < whole.length)
          expect([length, reasons, action]).toEqual([length, [Reason.DROP_TRUNCATED], 'drop']);
        else expect([length, good.includes(reasons[0]!), action === 'drop']).toEqual([length, true, false]);
      }
    },
  );
});

describe('an answer', () => {
  const SHAPES: [string, Frame][] = [ADMITTED4, ADMITTED6].flatMap((source) => {
    const kind = source.includes(':') ? 'IPv6' : 'IPv4';
    const ip = fromPeer(source);
    return [
      [`over ${kind}`, { ip }],
      [`over ${kind} in a VLAN`, { ip, vlan: [0x2fff] }],
      [`over ${kind} in a service VLAN and a VLAN`, { ip, vlan: [{ id: 1, type: 0x88a8 }, 2] }],
      [`over ${kind} with bytes behind it`, { ip, trailer: Uint8Array.of(1, 2, 3, 4, 5) }],
    ] as [string, Frame][];
  });

  /** The same frame from the other end, with hop limit 64. */
  function backwards(spec: Frame, payload: Uint8Array): Uint8Array {
    const { source, destination } = spec.ip!;
    const udp = { sourcePort: CONTROL.destinationPort, destinationPort: CONTROL.sourcePort };
    const bytes = frame({ ...spec, ip: { source: destination, destination: source, ttl: 64 }, udp, payload });
    return concat(bytes.subarray(6, 12), bytes.subarray(0, 6), bytes.subarray(12));
  }

  function payloadOf(spec: Frame, reply: Uint8Array): Uint8Array {
    const ip = ETHERNET + 4 * (spec.vlan?.length ?? 0);
    const at = ip + (spec.ip!.source.includes(':') ? 40 : 20) + 8;
    return reply.slice(at, at + 64);
  }

  test.each(SHAPES)('to a hello %s is right in every byte', (_, spec) => {
    gate.reset({});
    const source = addressBytes(spec.ip!.source);
    const before = gate.wallMs();
    const { data, action } = gate.run(frame({ ...spec, udp: CONTROL, payload: hello({ transaction: 77n }) }));
    const after = gate.wallMs();
    expect(action).toBe('tx');
    const given = new DataView(payloadOf(spec, data).buffer);
    const [issued, salt] = [given.getBigUint64(24), given.getBigUint64(32)];
    expect(issued >= before && issued <= after).toBe(true);
    const fields = { difficulty: PLAIN.difficulty, keyId: KEY.id, service: PLAIN.service, issued, salt };
    const challenge = makeChallenge(fields, KEY, PLAIN.epochMs, source);
    expect(data).toEqual(backwards(spec, message({ type: 2, transaction: 77n }, concat(challenge, source))));
  });

  const verdict = (status: number, lifetime: number, renewAfter: number) => {
    const body = Buffer.alloc(48);
    body.writeUInt32BE(lifetime, 0);
    body.writeUInt32BE(renewAfter, 4);
    return message({ type: 4, status, transaction: 78n }, body);
  };

  test.each(SHAPES)(
    'to a proof %s is right in every byte, when it holds and when it is refused',
    (_, spec) => {
      gate.reset({ lifetimeS: 1_003n });
      const challenge = challengeFor(spec.ip!.source, { issued: gate.wallMs(), salt: 9n });
      const send = (proof: Uint8Array) => {
        const payload = proofMessage(challenge, proof, { transaction: 78n });
        return gate.run(frame({ ...spec, udp: CONTROL, payload }));
      };
      const wrong = send(new Uint8Array(16).fill(1));
      expect(wrong).toEqual({ action: 'tx', data: backwards(spec, verdict(Reason.DROP_PROOF, 0, 0)) });
      const right = send(solvePow(challenge));
      expect(right).toEqual({ action: 'tx', data: backwards(spec, verdict(0, 1_003, 750)) });
      const again = send(solvePow(challenge));
      const left = new DataView(payloadOf(spec, again.data).buffer).getUint32(16);
      expect([1_002, 1_001]).toContain(left);
      expect(again.data).toEqual(backwards(spec, verdict(Reason.DROP_SPENT, left, 750)));
    },
  );

  test('has fresh salt each time', () => {
    gate.reset({});
    const spec = { ip: { source: ADMITTED4, destination: SERVER4 }, udp: CONTROL, payload: hello() };
    const salts = Array.from({ length: 100 }, () =>
      payloadOf(spec, gate.run(frame(spec)).data)
        .subarray(32, 40)
        .join(),
    );
    expect(new Set(salts).size).toBe(100);
  });

  test('leads to an admission for a peer who knows nothing but the protocol', () => {
    gate.reset({});
    const ip = { source: ADMITTED6, destination: SERVER6 };
    const ask = (payload: Uint8Array) =>
      payloadOf({ ip }, gate.run(frame({ ip, udp: CONTROL, payload })).data);
    const challenge = ask(hello()).slice(16, 48);
    expect(ask(proofMessage(challenge, solvePow(challenge)))[6]).toBe(0);
    expect(gate.verdict(frame({ ip, tcp: { ...WEB, flags: SYN } }))).toBe(Reason.PASS_ADMITTED);
  });
});
