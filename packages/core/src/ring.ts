import type { Codec } from './codec.js';
import { BpfError } from './errors.js';
import { BpfMap } from './maps/map.js';
import { Readiness } from './readiness.js';
import { type RecordCallback, RingReader } from './ring-reader.js';

const DEFAULT_BATCH = 4096;

export interface EventsOptions {
  /** Ends the iteration. */
  signal?: AbortSignal;
  /** How many records are taken at a time, before other work has its turn. Default 4096. */
  batch?: number;
}

/**
 * A ring buffer (5.8+). Each record goes to one reader: what one iteration or callback takes, others do not see. In
 * another process, or by a second handle, the same ring must not be read at the same time.
 */
export class RingBuffer<T = Uint8Array> extends BpfMap {
  readonly #readiness = new Readiness(() => this.fd);
  #reader: RingReader | undefined;
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
   * overwrites after the callback has returned. Copy what is to stay. The memory cannot be written: setters of
   * view throw, and to write through view.buffer kills the process. A callback that returns false, or throws, is
   * the last. commit is called each time before memory is given back: who dies before it has returned leaves these records
   * to the next reader. What it throws does not bring them back to this one. Returns how many records there were.
   */
  drain(
    callback: RecordCallback,
    { max = Number.POSITIVE_INFINITY, commit }: { max?: number; commit?: () => void } = {},
  ): number {
    const fd = this.fd;
    this.#reader ??= new RingReader(fd, this.maxEntries);
    return this.#reader.drain(callback, max, commit);
  }

  /**
   * The records there are, decoded, or copied where the object does not say what they are. Throws ERR_VALUE_SIZE
   * for a record that is shorter than the object says; it and those taken before it are lost then.
   */
  take(max = DEFAULT_BATCH): T[] {
    const records: T[] = [];
    this.drain((view, offset, length) => void records.push(this.#decode(view, offset, length)), { max });
    return records;
  }

  /**
   * Records as they come; ends when the ring is closed or the signal aborts. What an iteration that is left early
   * did not get is there for the next. See take().
   */
  events(options: EventsOptions = {}): AsyncGenerator<T, void, undefined> {
    void this.fd;
    return this.#events(options);
  }

  async *#events({ signal, batch = DEFAULT_BATCH }: EventsOptions): AsyncGenerator<T, void, undefined> {
    for (let left = batch; !this.closed && !signal?.aborted; ) {
      const [record] = this.take(1);
      if (record === undefined) {
        await this.#readiness.wait(signal);
        left = batch;
      } else {
        yield record;
        if (--left > 0) continue;
        await new Promise(setImmediate);
        left = batch;
      }
    }
  }

  /**
   * Calls back for each record as it comes, a bounded batch a turn, until the result is disposed of or the ring is
   * closed; keeps the process alive so long. See take().
   */
  on(callback: (record: T) => void, { batch = DEFAULT_BATCH }: { batch?: number } = {}): Disposable {
    let isOn = true;
    const take: RecordCallback = (view, offset, length) => {
      callback(this.#decode(view, offset, length));
      return isOn;
    };
    const stop = this.#readiness.subscribe(() => void this.drain(take, { max: batch }));
    return {
      [Symbol.dispose]() {
        isOn = false;
        stop();
      },
    };
  }

  override close(): void {
    this.#readiness.close();
    this.#reader?.stop();
    this.#reader = undefined;
    super.close();
  }

  #decode(view: DataView, offset: number, length: number): T {
    const codec = this.spec.event as Codec<T> | undefined;
    if (!codec) return new Uint8Array(new Uint8Array(view.buffer, view.byteOffset + offset, length)) as T;
    if (length >= codec.size) return codec.decode(view, offset);
    const message = `${this.title} has a record of ${length} bytes, expected ${codec.size}`;
    throw new BpfError('ERR_VALUE_SIZE', message);
  }
}
