import { makeChallenge, powHolds, type Secret, solvePow } from '../twin/challenge.js';
import { addressBytes } from './addresses.js';
import { hello, proofMessage } from './messages.js';
import type { Base } from './mutate.js';
import { ACK, type Frame, frame, type Ip, SYN } from './packets.js';
import { KEY, OLD_KEY, PLAIN, type Setup } from './setup.js';

/* Frames of each kind that the gate knows, from sources of each kind. */

export const STRANGER4 = '198.51.100.7';
export const ADMITTED4 = '198.51.100.8';
export const ENDED4 = '198.51.100.9';
export const ALLOWED4 = '203.0.113.5';
export const DENIED4 = '203.0.113.77';
export const STRANGER6 = '2001:db8:7::7';
export const ADMITTED6 = '2001:db8:8::8';
export const ALLOWED6 = '2001:db8:a::5';
export const DENIED6 = '2001:db8:a:1::6';
export const SERVER4 = '192.0.2.1';
export const SERVER6 = '2001:db8:ffff::1';

export const LISTS: Setup['lists'] = [
  { prefix: '203.0.113.0/24', verdict: 'allow' },
  { prefix: '203.0.113.64/26', verdict: 'deny' },
  { prefix: '2001:db8:a::/48', verdict: 'allow' },
  { prefix: '2001:db8:a:1::/64', verdict: 'deny' },
];

const SOURCES4 = [STRANGER4, ADMITTED4, ENDED4, ALLOWED4, DENIED4, '0.1.2.3', '224.0.0.1', '127.0.0.1'];
const SOURCES6 = [STRANGER6, ADMITTED6, ALLOWED6, DENIED6, 'ff02::1', '::', '::ffff:c633:6408', '::1'];

export const fromPeer = (source: string): Ip => ({
  source,
  destination: source.includes(':') ? SERVER6 : SERVER4,
});
export const CONTROL = { sourcePort: 40_000, destinationPort: 22305 };
const WEB = { sourcePort: 40_001, destinationPort: 443 };
const OTHER = { sourcePort: 40_002, destinationPort: 80 };

/** A message to the control port. */
export function control(source: string, payload: Uint8Array, more: Frame = {}): Uint8Array {
  return frame({ ip: fromPeer(source), udp: CONTROL, payload, ...more });
}

export interface Given {
  issued: bigint;
  salt: bigint;
  secret?: Secret;
  difficulty?: number;
  service?: number;
  keyId?: number;
  epochMs?: bigint;
}

/** A challenge as the gate would give it to that source. */
export function challengeFor(source: string, given: Given): Uint8Array {
  const { secret = KEY, difficulty = PLAIN.difficulty, service = PLAIN.service, issued, salt } = given;
  const fields = { difficulty, keyId: given.keyId ?? secret.id, service, issued, salt };
  return makeChallenge(fields, secret, given.epochMs ?? PLAIN.epochMs, addressBytes(source));
}

export function solution(source: string, given: Given, more: Frame = {}): Uint8Array {
  const challenge = challengeFor(source, given);
  return control(source, proofMessage(challenge, solvePow(challenge)), more);
}

/** A proof that does not hold. */
export function wrongSolution(source: string, given: Given): Uint8Array {
  const challenge = challengeFor(source, given);
  const proof = new Uint8Array(16);
  while (powHolds(challenge, proof)) proof[0]!++;
  return control(source, proofMessage(challenge, proof));
}

/** issued: of the challenges that the solutions answer. */
export function corpus(issued: bigint): Base[] {
  return [...SOURCES4, ...SOURCES6].flatMap((source, i) =>
    [...traffic(source), ...messages(source, issued, BigInt(i) << 8n), ...shapes(source)].map(locate),
  );
}

function traffic(source: string): Frame[] {
  const ip = fromPeer(source);
  const payload = Uint8Array.of(1, 2, 3, 4, 5);
  return [
    { ip, tcp: { ...WEB, flags: SYN } },
    { ip, tcp: { ...WEB, flags: SYN | ACK }, vlan: [100] },
    { ip, tcp: { ...WEB, flags: ACK }, payload },
    { ip, tcp: { ...OTHER, flags: ACK }, payload },
    { ip, udp: WEB, payload, vlan: [{ id: 7, type: 0x88a8 }, 8] },
    { ip, udp: OTHER, payload, trailer: new Uint8Array(9) },
    { ip, udp: { sourcePort: 1, destinationPort: 65535 } },
    { ip: { ...ip, protocol: source.includes(':') ? 58 : 1 }, payload },
  ];
}

function messages(source: string, issued: bigint, salt: bigint): Frame[] {
  const udp = CONTROL;
  const ip = fromPeer(source);
  const solve = (secret: Secret, number: bigint) => {
    const challenge = challengeFor(source, { issued, salt: salt | number, secret });
    return proofMessage(challenge, solvePow(challenge));
  };
  return [
    { ip, udp, payload: hello() },
    { ip, udp, payload: hello({ transaction: 0xffffffffffffffffn }), vlan: [1, 2] },
    { ip, udp, payload: solve(KEY, 1n), vlan: [9] },
    { ip, udp, payload: solve(OLD_KEY, 2n) },
    { ip, udp, payload: solve(KEY, 3n), trailer: new Uint8Array(4) },
  ];
}

function shapes(source: string): Frame[] {
  const ip = fromPeer(source);
  const payload = hello();
  if (!source.includes(':')) {
    return [
      { ip: { ...ip, options: new Uint8Array(8) }, udp: CONTROL, payload },
      { ip: { ...ip, options: new Uint8Array(40).fill(1) }, tcp: { ...WEB, flags: SYN } },
      { ip: { ...ip, fragment: { offset: 0, more: true } }, udp: WEB, payload },
      { ip: { ...ip, fragment: { offset: 1480, more: false } }, udp: CONTROL, payload },
    ];
  }
  const options = { header: 0, bytes: 16 };
  const fragment = (offset: number, more: boolean) => ({ header: 44, fragment: { offset, more } });
  const deep = [options, { header: 60 }, { header: 43, bytes: 24 }, fragment(0, false), { header: 60 }];
  return [
    { ip: { ...ip, extensions: deep }, tcp: { ...WEB, flags: SYN } },
    { ip: { ...ip, extensions: [...deep, { header: 60 }] }, udp: WEB },
    { ip: { ...ip, extensions: [options] }, udp: CONTROL, payload },
    { ip: { ...ip, extensions: [fragment(0, true)] }, udp: WEB, payload },
    { ip: { ...ip, extensions: [options, fragment(1480, false)] }, udp: CONTROL, payload },
  ];
}

function locate(spec: Frame): Base {
  const ip = 14 + 4 * (spec.vlan?.length ?? 0);
  const isV6 = spec.ip!.source.includes(':');
  const extensions = (spec.ip!.extensions ?? []).reduce((sum, { bytes = 8 }) => sum + bytes, 0);
  const header = isV6 ? 40 + extensions : 20 + (spec.ip!.options?.length ?? 0);
  return { bytes: frame(spec), ip, transport: ip + header };
}
