import { formatAddress } from '@cryptbpf/core/gate-client';
import { HEAD_BYTES } from './client/wire.js';
import { type Address, type OffloadRecord, offloadRecordCodec } from './offload.gen.js';

/* What comes through the ring. */

export interface RingRecord extends OffloadRecord {
  /** Of this packet. */
  readonly data: Uint8Array;
}

export function decodeRecord(bytes: Uint8Array): RingRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const record = offloadRecordCodec.decode(view, 0);
  const at = offloadRecordCodec.size + HEAD_BYTES;
  return { ...record, data: bytes.subarray(at, at + record.length) };
}

export function addressOf({ high, low }: Address): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, high, true);
  view.setBigUint64(8, low, true);
  return formatAddress(bytes);
}

/** Nanoseconds on the boot clock, of a request with all its packets. */
export interface Request {
  /** Of the first packet. */
  readonly record: RingRecord;
  /** A route for each packet: each waits in a queue. */
  readonly routes: readonly number[];
  readonly data: Uint8Array;
  /** Bytes that the result may have. */
  readonly room: number;
}

const WAIT_MS = 500;
/** Of all clients together. */
const BYTES_MAX = 16 * 2 ** 20;

interface Assembly {
  readonly parts: (RingRecord | undefined)[];
  missing: number;
  bytes: number;
  readonly bornMs: number;
}

/** Requests of several packets, until they are whole. Bounded: what finds no room, or waits too long, is given up. */
export class Assemblies {
  readonly #open = new Map<string, Assembly>();
  #bytes = 0;

  /** The request, once its last packet is here; 'full' when there is no room. */
  add(record: RingRecord): Request | 'full' | undefined {
    if (record.segments === 1) return whole([record]);
    const key = `${record.client} ${record.counter - BigInt(record.segment)}`;
    const assembly = this.#open.get(key) ?? this.#begin(key, record.segments);
    if (!assembly || this.#bytes + record.length > BYTES_MAX) return 'full';
    if (assembly.parts.length !== record.segments || assembly.parts[record.segment]) return 'full';
    assembly.parts[record.segment] = record;
    assembly.bytes += record.length;
    this.#bytes += record.length;
    if (--assembly.missing > 0) return undefined;
    this.#drop(key);
    return whole(assembly.parts as RingRecord[]);
  }

  /** Those that wait for too long: the packets that came of each. */
  expire(nowMs = performance.now()): RingRecord[][] {
    const late = [...this.#open].filter(([, { bornMs }]) => nowMs - bornMs > WAIT_MS);
    for (const [key] of late) this.#drop(key);
    return late.map(([, { parts }]) => parts.filter((part) => part !== undefined));
  }

  #begin(key: string, segments: number): Assembly | undefined {
    if (this.#open.size >= 1024) return undefined;
    const assembly = {
      parts: new Array(segments).fill(undefined),
      missing: segments,
      bytes: 0,
      bornMs: performance.now(),
    };
    this.#open.set(key, assembly);
    return assembly;
  }

  #drop(key: string): void {
    this.#bytes -= this.#open.get(key)?.bytes ?? 0;
    this.#open.delete(key);
  }
}

function whole(parts: readonly RingRecord[]): Request {
  const [record] = parts as [RingRecord];
  const data = parts.length === 1 ? record.data : Buffer.concat(parts.map((part) => part.data));
  const room = parts.reduce((sum, part) => sum + part.room, 0);
  return { record, routes: parts.map(({ route }) => route), data, room };
}
