import { type Frame, frame } from '../../../pow/test/support/packets.js';
import { PORT } from './verifier.js';

export const ENDS = {
  ipv4: { source: '198.51.100.7', destination: '192.0.2.1' },
  ipv6: { source: '2001:db8:7::9', destination: '2001:db8::1' },
} as const;
export type Family = keyof typeof ENDS;

/** A UDP packet from a peer to the protected port. */
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
