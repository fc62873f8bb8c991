import { addressBytes } from '../../../pow/test/support/addresses.js';
import { type Frame, frame } from '../../../pow/test/support/packets.js';
import { type Signing, signedPayload } from '../twin/trailer.js';
import { AUDIENCE, CONTROL_PORT, UDP_PORT } from './gate.js';
import type { TestKey } from './keys.js';

export const PEER4 = '198.51.100.7';
export const PEER6 = '2001:db8:7::9';
export const SERVER4 = '192.0.2.1';
export const SERVER6 = '2001:db8::1';
export const PEER_PORT = 40_000;
export const PEERS = { ipv4: PEER4, ipv6: PEER6 } as const;

export const text = (value: string) => new TextEncoder().encode(value);

/** From that peer to the service. */
export function packet(source: string, payload: Uint8Array, changes: Partial<Frame> = {}): Uint8Array {
  const destination = source.includes(':') ? SERVER6 : SERVER4;
  const udp = { sourcePort: PEER_PORT, destinationPort: UDP_PORT };
  return frame({ ip: { source, destination }, udp, payload, ...changes });
}

export function control(source: string, payload: Uint8Array): Uint8Array {
  return packet(source, payload, { udp: { sourcePort: PEER_PORT, destinationPort: CONTROL_PORT } });
}

export function endsOf(source: string) {
  return {
    source: addressBytes(source),
    destination: addressBytes(source.includes(':') ? SERVER6 : SERVER4),
    sourcePort: PEER_PORT,
    destinationPort: UDP_PORT,
  };
}

/** One sender: counts by itself. */
export class Sender {
  readonly instance: bigint;
  readonly #key: TestKey;
  readonly #now: () => number;
  counter = 0n;

  constructor(key: TestKey, now: () => number, instance = 0x1122334455667788n) {
    this.#key = key;
    this.#now = now;
    this.instance = instance;
  }

  sign(payload: Uint8Array, changes: Partial<Signing> & { fieldChanges?: Partial<Signing['fields']> } = {}) {
    const { fieldChanges, ...rest } = changes;
    const { instance } = this;
    const fields = {
      instance,
      counter: ++this.counter,
      time: this.#now(),
      keyId: this.#key.id,
      ...fieldChanges,
    };
    return signedPayload({ key: this.#key.privateKey, audience: AUDIENCE, payload, fields, ...rest });
  }
}
