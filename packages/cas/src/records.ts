import { type ReasonName, reasonName } from '@cryptbpf/core';
import { formatAddress } from '@cryptbpf/core/gate-client';
import type { Address, CasEvent } from './cas.gen.js';
import { CasType } from './cas.gen.js';
import { cidOfDigest } from './client/cid.js';

/** A packet that was dropped, or would have been. */
export interface ContentEvent {
  readonly reason: ReasonName;
  /** That it claims to be; undefined where it has no header. */
  readonly cid: string | undefined;
  readonly type: 'content' | 'chunk' | undefined;
  /** Of a chunk. */
  readonly index: number | undefined;
  readonly direction: 'ingress' | 'egress';
  readonly source: string;
  readonly destination: string;
  /** That it was sent to. */
  readonly port: number;
  /** On the boot clock, in nanoseconds. */
  readonly timeNs: bigint;
}

const TYPES: Record<number, ContentEvent['type']> = {
  [CasType.CAS_CONTENT]: 'content',
  [CasType.CAS_CHUNK]: 'chunk',
};

export async function* toRecords(events: AsyncIterable<CasEvent>): AsyncGenerator<ContentEvent> {
  for await (const event of events) yield toRecord(event);
}

function toRecord(event: CasEvent): ContentEvent {
  const type = TYPES[event.type];
  return {
    reason: reasonName(event.reason),
    cid: type && cidOfDigest(event.id.bytes).toString(),
    type,
    index: type === 'chunk' ? event.index : undefined,
    direction: event.egress ? 'egress' : 'ingress',
    source: addressOf(event.source),
    destination: addressOf(event.destination),
    port: event.port,
    timeNs: event.timeNs,
  };
}

function addressOf({ high, low }: Address): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, high, true);
  view.setBigUint64(8, low, true);
  return formatAddress(bytes);
}
