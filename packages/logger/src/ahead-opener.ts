import { type Epoch, readEpoch, streamChain } from './epoch.js';
import { LogFrame } from './records.gen.js';
import { StreamReader } from './stream-reader.js';
import { FRAME_START, frameAt, type Header, isFrameOrEnd, scanLimit, streamKey } from './wire.js';

/** Which of the streams a thread opens: each of them by its share, of so many. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** What was opened of a piece of a file. */
export interface OpenedPiece {
  /** Where frames begin in the file, ascending. */
  readonly offsets: Float64Array;
  /** Where each one's text ends in texts; it begins where the one before ends. */
  readonly ends: Uint32Array;
  readonly texts: Uint8Array<ArrayBuffer>;
  /** Epochs that begin in it: number, and their frames as in the file (latin1). */
  readonly epochs: [number, string][];
}

const NOWHERE = { file: '', offset: 0 };

/**
 * Opens records of one file ahead of the verifier, which judges them: what this does not find, or takes for something
 * else than the verifier does, only costs time.
 */
export class AheadOpener {
  readonly #key: { scalar: Uint8Array; point: Uint8Array };
  readonly #share: Share;
  readonly #epochs = new Map<number, Epoch>();
  readonly #streams = new Map<string, StreamReader>();
  #rest: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(key: { scalar: Uint8Array; point: Uint8Array }, share: Share) {
    this.#key = key;
    this.#share = share;
  }

  /** The next piece of the file. */
  open(piece: Buffer, isLast: boolean): OpenedPiece {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    const limit = scanLimit(bytes, isLast);
    const opened = new Collected(bytes.length);
    let at = 0;
    while (at < limit) {
      const frame = frameAt(bytes, at);
      const isGood =
        frame && this.#take(frame.header, bytes.subarray(at, frame.end), this.#start + at, opened);
      if (isGood || (frame && isFrameOrEnd(bytes, frame.end))) {
        at = frame!.end;
        continue;
      }
      const next = bytes.indexOf(FRAME_START, at + 1);
      at = next < 0 ? limit : Math.min(next, limit);
    }
    this.#rest = bytes.subarray(at);
    this.#start += at;
    return opened.finish();
  }

  #take(header: Header, frame: Buffer, offset: number, opened: Collected): boolean {
    if (header.frame === LogFrame.LOG_FRAME_EPOCH) return this.#begin(header, frame, opened);
    const { index, of } = this.#share;
    if ((header.cpu + header.level) % of !== index) return true;
    const stream = this.#streamOf(header);
    const found = stream?.find(header, frame);
    if (!found) return false;
    stream!.accept(found, NOWHERE);
    opened.add(offset, found.text);
    return true;
  }

  #begin(header: Header, frame: Buffer, opened: Collected): boolean {
    if (this.#epochs.has(header.epoch)) return true;
    const epoch = readEpoch(frame, header, this.#key);
    if (!epoch) return false;
    this.#epochs.set(epoch.number, epoch);
    opened.epochs.push([epoch.number, frame.toString('latin1')]);
    return true;
  }

  #streamOf({ epoch: number, cpu, level }: Header): StreamReader | undefined {
    const epoch = this.#epochs.get(number);
    if (!epoch) return undefined;
    const key = `${number}.${streamKey(cpu, level)}`;
    let stream = this.#streams.get(key);
    if (!stream) {
      stream = new StreamReader(streamChain(epoch, cpu, level), epoch);
      this.#streams.set(key, stream);
    }
    return stream;
  }
}

class Collected {
  readonly epochs: [number, string][] = [];
  readonly #offsets: number[] = [];
  readonly #ends: number[] = [];
  readonly #texts: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** capacity: of the texts in all, in bytes. */
  constructor(capacity: number) {
    this.#texts = new Uint8Array(capacity);
  }

  add(offset: number, text: Uint8Array): void {
    this.#texts.set(text, this.#length);
    this.#length += text.length;
    this.#offsets.push(offset);
    this.#ends.push(this.#length);
  }

  finish(): OpenedPiece {
    return {
      offsets: Float64Array.from(this.#offsets),
      ends: Uint32Array.from(this.#ends),
      texts: this.#texts,
      epochs: this.epochs,
    };
  }
}
