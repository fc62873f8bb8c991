import type { OpenedFile } from './ahead.js';
import type { Finding, Location, LogEntry } from './entries.js';
import type { Verifier } from './verifier.js';
import { FRAME_START, frameAt, isFrameOrEnd, scanLimit } from './wire.js';

/** Finds the frames of one file, piece by piece, and goes on behind what is damaged. */
export class FileScanner {
  readonly #name: string;
  readonly #verifier: Verifier;
  /** What the end of the piece before cut off. */
  #rest: Buffer = Buffer.alloc(0);
  /** Where it begins in the file. */
  #start = 0;

  constructor(name: string, verifier: Verifier) {
    this.#name = name;
    this.#verifier = verifier;
  }

  /** The next piece; the last one may be empty. opened: what threads have made of the file so far. */
  scan(piece: Buffer, isLast: boolean, opened: OpenedFile | undefined): LogEntry[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
    const entries: LogEntry[] = [];
    const limit = scanLimit(bytes, isLast);
    let at = 0;
    while (at < limit) {
      const location = { file: this.#name, offset: this.#start + at };
      const frame = frameAt(bytes, at);
      const found =
        frame &&
        this.#verifier.frame(
          frame.header,
          bytes.subarray(at, frame.end),
          location,
          opened?.at(location.offset),
        );
      if (found) entries.push(...found);
      if (frame && (!found!.some(isForged) || isFrameOrEnd(bytes, frame.end))) {
        at = frame.end;
        continue;
      }
      const resumed = this.#findFrame(bytes, at + 1, limit);
      if (!frame) entries.push(this.#damage(location, resumed - at, isLast && resumed === bytes.length));
      at = resumed;
    }
    this.#rest = bytes.subarray(at);
    this.#start += at;
    return entries;
  }

  #damage(location: Location, count: number, isEnd: boolean): Finding {
    this.#verifier.totals.findings++;
    return { kind: 'finding', problem: isEnd ? 'truncated' : 'damaged', count, ...location };
  }

  /** Where the next genuine frame begins, or limit. */
  #findFrame(bytes: Buffer, from: number, limit: number): number {
    for (let at = from; at < limit; at++) {
      at = bytes.indexOf(FRAME_START, at);
      if (at < 0 || at >= limit) return limit;
      const frame = frameAt(bytes, at);
      if (frame && this.#verifier.isGenuine(frame.header, bytes.subarray(at, frame.end))) return at;
    }
    return limit;
  }
}

function isForged(entry: LogEntry): boolean {
  return entry.kind === 'finding' && (entry.problem === 'forged' || entry.problem === 'epoch-forged');
}
