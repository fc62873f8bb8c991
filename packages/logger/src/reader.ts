import { open as openFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Checkpoint } from './checkpoint.js';
import type { Finding, Location, LogEntry } from './entries.js';
import { type KeyInput, recipientScalar, scalarPoint } from './keys.js';
import { type Totals, Verifier } from './verifier.js';
import { FRAME_MAX, FRAME_START, HEADER_BYTES, type Header, readHeader } from './wire.js';

export type { Checkpoint } from './checkpoint.js';
export type { Finding, Location, LogEntry, Problem, RecordEntry } from './entries.js';
export { LogError, type LogErrorCode } from './errors.js';
export { generateRecipient, type KeyInput } from './keys.js';
export type {
  BpfProgramInfo,
  CapabilityChange,
  Content,
  Endpoint,
  Ids,
  Losses,
  ProcessInfo,
} from './record.js';
export type { Totals } from './verifier.js';

export interface OpenLogOptions {
  /** The recipient's private key. */
  key: KeyInput;
  /** Paths, in the order in which they were written: their names sort so. */
  files: readonly string[];
  /** The log that it has to be, in hexadecimal: what AuditLogger.logId said, kept by somebody else. */
  logId?: string;
  /** What witnesses have: their records have to be in it. */
  checkpoints?: readonly Checkpoint[];
}

/**
 * Opens, decrypts and verifies a log, on any machine: records and findings as they come, and totals at the end.
 *
 *     const log = openLog({ key: pem, files });
 *     for await (const entry of log) console.log(entry);
 *     console.log(log.totals);
 */
export function openLog(options: OpenLogOptions): LogReader {
  return new LogReader(options);
}

const CHUNK_BYTES = 512 << 10;

export class LogReader implements AsyncIterable<LogEntry> {
  readonly #files: readonly string[];
  readonly #verifier: Verifier;

  constructor({ key, files, logId, checkpoints }: OpenLogOptions) {
    const scalar = recipientScalar(key);
    this.#files = files;
    this.#verifier = new Verifier({ scalar, point: scalarPoint(scalar), logId, checkpoints });
  }

  /** Of what was read so far. */
  get totals(): Totals {
    return this.#verifier.totals;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogEntry, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** The same, many at a time: faster. */
  async *batches(): AsyncGenerator<LogEntry[], void, undefined> {
    for (const path of this.#files) yield* this.#file(path);
    yield this.#verifier.end();
  }

  async *#file(path: string): AsyncGenerator<LogEntry[], void, undefined> {
    const name = basename(path);
    const file = await openFile(path);
    try {
      let bytes = Buffer.alloc(0);
      for (let start = 0; ; ) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
        bytes = Buffer.concat([bytes, buffer.subarray(0, bytesRead)]);
        const { entries, end } = this.#scan(bytes, { file: name, start, isLast: bytesRead === 0 });
        yield entries;
        if (bytesRead === 0) return;
        bytes = bytes.subarray(end);
        start += end;
      }
    } finally {
      await file.close();
    }
  }

  /** The frames of a piece of a file; what its end cuts off comes again with the next piece. */
  #scan(bytes: Buffer, piece: Piece): { entries: LogEntry[]; end: number } {
    const entries: LogEntry[] = [];
    const limit = piece.isLast ? bytes.length : bytes.length - FRAME_MAX - HEADER_BYTES;
    let at = 0;
    while (at < limit) {
      const location = { file: piece.file, offset: piece.start + at };
      const frame = frameAt(bytes, at);
      const found = frame && this.#verifier.frame(frame.header, bytes.subarray(at, frame.end), location);
      if (found) entries.push(...found);
      if (frame && (!found!.some(isForged) || isFrameOrEnd(bytes, frame.end))) {
        at = frame.end;
        continue;
      }
      const resumed = this.#findFrame(bytes, at + 1, limit);
      if (!frame)
        entries.push(this.#damage(location, resumed - at, piece.isLast && resumed === bytes.length));
      at = resumed;
    }
    return { entries, end: Math.max(at, 0) };
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

/** A part of a file. */
interface Piece {
  readonly file: string;
  /** Where it begins in the file. */
  readonly start: number;
  readonly isLast: boolean;
}

/** A header with all that it announces. */
function frameAt(bytes: Buffer, at: number): { header: Header; end: number } | undefined {
  const header = readHeader(bytes, at);
  const end = header ? at + HEADER_BYTES + header.length : 0;
  return header && end <= bytes.length ? { header, end } : undefined;
}

function isFrameOrEnd(bytes: Buffer, at: number): boolean {
  return at === bytes.length || readHeader(bytes, at) !== undefined;
}

function isForged(entry: LogEntry): boolean {
  return entry.kind === 'finding' && (entry.problem === 'forged' || entry.problem === 'epoch-forged');
}
