import { aes256Gcm } from '../aes-suite/suite.js';
import type { Suite } from '../contract.js';
import type { NoiseParameters } from '../noise/symmetric-state.js';
import { wireguard } from '../wireguard/suite.js';

export type MessageType = 'initiation' | 'response' | 'cookie';

/** What the handshakes of the two suites do not have in common. */
export interface TunnelSuite {
  readonly noise: NoiseParameters;
  /** In front of a message's first index: which protocol and type it is. */
  readonly headers: Readonly<Record<MessageType, Uint8Array>>;
  /** Whether indices are in little endian. */
  readonly littleEndian: boolean;
  /** A MAC of 16 bytes. */
  mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** Seals a cookie, 16 bytes, under a random nonce of 24 bytes; 32 bytes. */
  sealCookie(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, cookie: Uint8Array): Uint8Array;
  /** undefined if it was not sealed so. */
  openCookie(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** Packets under one key after which there is to be a new one. */
  readonly rekeyAfterMessages: bigint;
}

export function tunnelSuite(name: Suite): TunnelSuite {
  return name === 'wireguard' ? wireguard : aes256Gcm;
}
