import type { Codec } from './codec.js';
import { BpfError } from './errors.js';
import { mapFile, type Poll, pollReadable } from './ffi/libc.js';
import { BpfMap } from './maps/map.js';

/*
 * BPF_MAP_TYPE_RINGBUF, read in place (Documentation/bpf/ringbuf.rst): one page with the consumer's position,
 * one with the producer's, then the data, mapped twice in a row, so that no record is ever split. A record is
 * an 8-byte header (length, BUSY and DISCARD bits) and its data, padded to 8 bytes.
 */

const PAGE = 4096;
const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;
const DEFAULT_BATCH = 4096;

/** Positions in the ring, and the records between them. */
class Reader {
  readonly view: DataView;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #headers: Int32Array;
  readonly #mask: number;
  #position: number;

  constructor(fd: number, size: number) {
    this.#consumer = new BigInt64Array(mapFile(fd, PAGE, 0, true), 0, 1);
    const rest = mapFile(fd, PAGE + 2 * size, PAGE, false);
    this.#producer = new BigInt64Array(rest, 0, 1);
    this.#headers = new Int32Array(rest, PAGE);
    this.view = new DataView(rest, PAGE);
    this.#mask = size - 1;
    this.#position = Number(Atomics.load(this.#consumer, 0));
  }

  /** Calls back for at most max records, and gives their room back to the kernel. Returns how many. */
  drain(callback: (view: DataView, offset: number, length: number) => void, max: number): number {
    let count = 0;
    let produced = Number(Atomics.load(this.#producer, 0));
    try {
      while (count < max) {
        if (this.#position >= produced) {
          this.#release();
          produced = Number(Atomics.load(this.#producer, 0));
          if (this.#position >= produced) break;
        }
        /* Not beyond 2^53 for as long as a machine runs; and & wants 32 bits. */
        const offset = this.#position % (this.#mask + 1);
        const header = Atomics.load(this.#headers, offset >>> 2);
        if (header & BUSY) break;
        const length = header & LENGTH_MASK;
        this.#position += (length + HEADER_BYTES + 7) & ~7;
        if (header & DISCARD) continue;
        count++;
        callback(this.view, offset + HEADER_BYTES, length);
      }
    } finally {
      this.#release();
    }
    return count;
  }

  #release(): void {
    Atomics.store(this.#consumer, 0, BigInt(this.#position));
  }
}

export interface EventsOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** How many records are taken at a time, before other work has its turn. Default 4096. */
  batch?: number;
}

/** A ring buffer (5.8+). One reader at a time: what one takes, others do not see. */
export class RingBuffer<T = Uint8Array> extends BpfMap {
  readonly #codec: Codec<T> | undefined = this.spec.event as Codec<T> | undefined;
  readonly #waiting = new Set<() => void>();
  #reader: Reader | undefined;
  #lost: () => bigint = () => 0n;

  /** How many records found the ring full, by a counter that the program keeps: see countLostWith(). */
  get lost(): bigint {
    return this.#lost();
  }

  /** The kernel does not count what does not fit: the program must, and this says how to read its counter. */
  countLostWith(counter: () => bigint): void {
    this.#lost = counter;
  }

  /**
   * Calls back with the records there are, in place: at offset of view lie length bytes, which the kernel
   * overwrites after the callback has returned. Copy what is to stay. Returns how many there were.
   */
  drain(
    callback: (view: DataView, offset: number, length: number) => void,
    { max = Number.POSITIVE_INFINITY } = {},
  ): number {
    const fd = this.fd;
    this.#reader ??= new Reader(fd, this.maxEntries);
    return this.#reader.drain(callback, max);
  }

  /** The records there are, decoded, or copied where the object does not say what they are. */
  take(max = DEFAULT_BATCH): T[] {
    const records: T[] = [];
    this.drain((view, offset, length) => records.push(this.#decode(view, offset, length)), { max });
    return records;
  }

  /** Records as they come; ends when the ring is closed or the signal aborts. */
  async *events({ signal, batch = DEFAULT_BATCH }: EventsOptions = {}): AsyncGenerator<T> {
    while (!this.closed && !signal?.aborted) {
      const records = this.take(batch);
      yield* records;
      if (records.length === 0) await this.#readable(signal);
    }
  }

  /** Calls back for each record as it comes, a bounded batch a turn, until the result is disposed of. */
  on(callback: (record: T) => void, { batch = DEFAULT_BATCH }: { batch?: number } = {}): Disposable {
    const poll = pollReadable(this.fd, () => {
      for (const record of this.take(batch)) callback(record);
    });
    const stop = () => {
      if (this.#waiting.delete(stop)) poll.close();
    };
    this.#waiting.add(stop);
    return { [Symbol.dispose]: stop };
  }

  override close(): void {
    for (const wake of [...this.#waiting]) wake();
    this.#reader = undefined;
    super.close();
  }

  #decode(view: DataView, offset: number, length: number): T {
    if (!this.#codec) return copy(view, offset, length) as T;
    if (length < this.#codec.size) {
      const message = `${this.title} has a record of ${length} bytes, expected ${this.#codec.size}`;
      throw new BpfError('ERR_VALUE_SIZE', message);
    }
    return this.#codec.decode(view, offset);
  }

  #readable(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      let poll: Poll | undefined;
      const wake = () => {
        if (!this.#waiting.delete(wake)) return;
        signal?.removeEventListener('abort', wake);
        poll?.close();
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
      poll = pollReadable(this.fd, wake);
    });
  }
}

function copy(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
}
