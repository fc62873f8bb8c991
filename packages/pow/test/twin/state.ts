import type { Reason } from '@cryptbpf/core';
import { maskByte } from '../support/addresses.js';
import type { Secret } from './challenge.js';

/* Everything that the verdict about a packet depends on, but for rates: none is limited here. */

export interface Listed {
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d. */
  address: Uint8Array;
  /** Of those 128 bits: an IPv4 prefix's length and 96. */
  bits: number;
  verdict: 'allow' | 'deny';
}

export interface TwinState {
  magic: number;
  proofBytes: number;
  /** Where proofs have more than their fixed part: of the longest. */
  proofBytesMax?: number;
  /** False stands for DROP_PROOF; source: 16 bytes. */
  holds(challenge: Uint8Array, proof: Uint8Array, source: Uint8Array): boolean | Reason;
  port: number;
  tcpPorts: ReadonlySet<number>;
  udpPorts: ReadonlySet<number>;
  service: number;
  difficulty: number;
  /** The first one makes challenges. */
  secrets: readonly Secret[];
  epochMs: bigint;
  challengeMs: bigint;
  skewMs: bigint;
  lifetimeNs: bigint;
  /** Longest prefix first. */
  lists: readonly Listed[];
  /** Of what counts as one source, in bits of the address of its kind. */
  prefix4: number;
  prefix6: number;
  monitor: boolean;
  /** Boot clock; undefined: confirmed. */
  confirmByNs: bigint | undefined;
  /** Boot clock, as of this packet. */
  nowNs(): bigint;
  wallOffsetNs: bigint;
  /** Boot clock until which the offset is good. */
  clockGoodUntilNs: bigint;
  notBeforeMs: bigint;
  /** Source prefix in hex -> boot clock at which the admission ends. */
  admitted: Map<string, bigint>;
  /** Salt and tag in hex. Here nothing is forgotten. */
  spent: Set<string>;
}

/** What stands for a source: its address without the bits behind its prefix. */
export function sourceKey(state: TwinState, version: 4 | 6, source: Uint8Array): string {
  const bits = version === 4 ? 96 + state.prefix4 : state.prefix6;
  return hex(source.map((byte, i) => byte & maskByte(bits, i)));
}

export function listedAs(state: TwinState, source: Uint8Array): Listed['verdict'] | undefined {
  return state.lists.find(({ address, bits }) =>
    source.every((byte, i) => ((byte ^ address[i]!) & maskByte(bits, i)) === 0),
  )?.verdict;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
