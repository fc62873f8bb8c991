import { type Frame, frame } from '../../../pow/test/support/packets.js';
import { TagGuard } from '../../src/client/guard.js';
import type { Question } from '../../src/client/operations.js';
import { decodePacket, encodePacket, type Packet } from '../../src/client/wire.js';
import { CLIENT } from './keys.js';
import { PORT, type TestService } from './service.js';

export const ENDS = {
  ipv4: { source: '198.51.100.7', destination: '192.0.2.1' },
  ipv6: { source: '2001:db8:7::9', destination: '2001:db8::1' },
} as const;
export type Family = keyof typeof ENDS;

let last = 0n;

/** As a client counts: not below the time, which a service that starts may have taken up meanwhile. */
export function nextCounter(): bigint {
  const now = BigInt(Date.now()) * 1000n;
  last = now > last ? now : last + 1n;
  return last;
}

/** A UDP packet from a client to the service. */
export function packet(
  payload: Uint8Array,
  family: Family = 'ipv4',
  changes: Partial<Frame> = {},
): Uint8Array {
  return frame({
    ip: ENDS[family],
    udp: { sourcePort: 40_000, destinationPort: PORT },
    payload: Uint8Array.from(payload),
    ...changes,
  });
}

/** The payload of a request of one packet. */
export function request(service: TestService, question: Question, changes: Partial<Packet> = {}): Uint8Array {
  const { operation, key, data, room } = question;
  const head = { type: 1, operation, detail: 0, client: CLIENT.id, key, segment: 0, segments: 1 };
  return encodePacket(
    { ...head, counter: nextCounter(), data, ...changes },
    room,
    new TagGuard(service.keys.request),
  );
}

/** What an answer's frame says; undefined for one that is none of the service's. */
export function answerIn(
  service: TestService,
  bytes: Uint8Array,
  family: Family = 'ipv4',
): Packet | undefined {
  const payload = bytes.subarray(14 + (family === 'ipv4' ? 20 : 40) + 8);
  return decodePacket(payload, new TagGuard(service.keys.reply));
}
