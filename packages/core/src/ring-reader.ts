import { BpfError } from './errors.js';
import { mapFile, PAGE } from './ffi/libc.js';

/*
 * BPF_MAP_TYPE_RINGBUF, read in place (Documentation/bpf/ringbuf.rst): one page with the consumer's position,
 * one with the producer's, then the data, mapped twice in a row, so that no record is ever split. A record is
 * an 8-byte header (length, BUSY and DISCARD bits) and its data, padded to 8 bytes.
 */

const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;
/** Room is given back to the kernel each time that so many bytes, as a part of the ring, were read. */
const PARTS = 8;

/** false: the last one. */
// biome-ignore lint/suspicious/noConfusingVoidType: callbacks that return nothing are the usual ones
export type RecordCallback = (view: DataView, offset: number, length: number) => boolean | void;

function refuse(): never {
  throw new BpfError('ERR_NOT_SUPPORTED', 'records of a ring cannot be written: copy them');
}

const setters = Object.getOwnPropertyNames(DataView.prototype).filter((name) => name.startsWith('set'));
const REFUSALS = Object.fromEntries(setters.map((name) => [name, { value: refuse }]));

/** Over memory that is mapped for reading alone: to write there would kill the process. */
function readOnlyView(buffer: ArrayBuffer, offset: number): DataView {
  return Object.defineProperties(new DataView(buffer, offset), REFUSALS);
}

/** Positions in a ring, and the records between them. */
export class RingReader {
  readonly #view: DataView;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #headers: Int32Array;
  readonly #size: number;
  #position: number;
  #released: number;
  #stopped = false;
  #depth = 0;

  /** size: in bytes, a power of two. */
  constructor(fd: number, size: number) {
    this.#consumer = new BigInt64Array(mapFile(fd, PAGE, 0, true), 0, 1);
    const rest = mapFile(fd, PAGE + 2 * size, PAGE, false);
    this.#producer = new BigInt64Array(rest, 0, 1);
    this.#headers = new Int32Array(rest, PAGE);
    this.#view = readOnlyView(rest, PAGE);
    this.#size = size;
    this.#position = Number(Atomics.load(this.#consumer, 0));
    this.#released = this.#position;
  }

  /**
   * Calls back for the records that were there at the call, at most max, and gives their room back to the kernel.
   * Returns how many. A callback that drains, too, gets those after its own; then the outermost gives back. Before room is
   * given back, commit is called.
   */
  drain(callback: RecordCallback, max: number, commit?: () => void): number {
    const produced = Number(Atomics.load(this.#producer, 0));
    let count = 0;
    this.#depth++;
    try {
      while (count < max && this.#position < produced && !this.#stopped) {
        /* The kernel clears BUSY when the record is whole. */
        const offset = this.#position % this.#size;
        const header = Atomics.load(this.#headers, offset >>> 2);
        if (header & BUSY) break;
        const length = header & LENGTH_MASK;
        if (this.#depth === 1 && this.#position - this.#released > this.#size / PARTS) this.#release(commit);
        this.#position += (length + HEADER_BYTES + 7) & ~7;
        if (header & DISCARD) continue;
        count++;
        if (callback(this.#view, offset + HEADER_BYTES, length) === false) break;
      }
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#release(commit);
    }
    return count;
  }

  /** Ends a drain from within its callback. */
  stop(): void {
    this.#stopped = true;
  }

  #release(commit?: () => void): void {
    commit?.();
    this.#released = this.#position;
    Atomics.store(this.#consumer, 0, BigInt(this.#position));
  }
}
