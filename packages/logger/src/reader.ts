import { open as openFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { OpenedFile, OpenerThreads, threadsFor } from './ahead.js';
import type { OpenedPiece } from './ahead-opener.js';
import type { PieceOfFile } from './ahead-worker.js';
import type { Checkpoint } from './checkpoint.js';
import type { LogEntry } from './entries.js';
import { LogError } from './errors.js';
import { FileScanner } from './file-scanner.js';
import { type KeyInput, recipientScalar, scalarPoint } from './keys.js';
import { type Totals, Verifier } from './verifier.js';

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
  /**
   * Worker threads that open records ahead, 0 to 16; each takes some of the streams. Default: two, or as many as there
   * are processors beside this one; none for logs below 8 MiB. What comes out is the same.
   */
  threads?: number;
}

const THREADS_MAX = 16;

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

const PIECE_BYTES = 512 << 10;
/** Pieces that are read, and may be with threads, before they are judged. */
const PIECES_AHEAD = 4;

export class LogReader implements AsyncIterable<LogEntry> {
  readonly #files: readonly string[];
  readonly #key: { scalar: Uint8Array; point: Uint8Array };
  readonly #threads: number | undefined;
  readonly #verifier: Verifier;

  constructor({ key, files, logId, checkpoints, threads }: OpenLogOptions) {
    const scalar = recipientScalar(key);
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 0 && threads <= THREADS_MAX))
      throw new LogError(
        'ERR_LOG_OPTION',
        `option threads: ${threads} is no whole number from 0 to ${THREADS_MAX}`,
      );
    this.#files = files;
    this.#key = { scalar, point: scalarPoint(scalar) };
    this.#threads = threads;
    this.#verifier = new Verifier({ ...this.#key, logId, checkpoints });
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
    const count = this.#threads ?? threadsFor(await sizeOf(this.#files));
    const threads = count > 0 ? new OpenerThreads(count, this.#key) : undefined;
    try {
      let scanner: FileScanner | undefined;
      let file: OpenedFile | undefined;
      for await (const { piece, opened } of openAhead(piecesOf(this.#files), threads)) {
        if (piece.isFirst) {
          scanner = new FileScanner(piece.file, this.#verifier);
          file = opened && new OpenedFile();
        }
        if (opened) file!.add(opened);
        yield scanner!.scan(piece.bytes, piece.isLast, file);
      }
    } finally {
      await threads?.close();
    }
    yield this.#verifier.end();
  }
}

/** A part of a file; the last of each file is empty. */
interface Piece extends PieceOfFile {
  readonly bytes: Buffer;
  readonly file: string;
}

async function* piecesOf(paths: readonly string[]): AsyncGenerator<Piece, void, undefined> {
  for (const path of paths) {
    const file = await openFile(path);
    try {
      for (let isFirst = true, isLast = false; !isLast; isFirst = false) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES), 0, PIECE_BYTES);
        isLast = bytesRead === 0;
        yield { bytes: buffer.subarray(0, bytesRead), file: basename(path), isFirst, isLast };
      }
    } finally {
      await file.close();
    }
  }
}

/** With what threads make of each piece, some pieces ahead. What fails does so behind all that came before it. */
async function* openAhead(
  pieces: AsyncGenerator<Piece, void, undefined>,
  threads: OpenerThreads | undefined,
): AsyncGenerator<{ piece: Piece; opened: OpenedPiece[] | undefined }, void, undefined> {
  const queue: { piece: Piece; opened: Promise<OpenedPiece[]> | undefined }[] = [];
  const most = threads ? PIECES_AHEAD : 1;
  let failure: { error: unknown } | undefined;
  try {
    for (let isOver = false; ; ) {
      while (!isOver && queue.length < most) {
        const next = await pieces.next().catch((error: unknown) => {
          failure = { error };
        });
        isOver = !next || next.done === true;
        if (next?.value) queue.push({ piece: next.value, opened: threads?.open(next.value) });
      }
      const first = queue.shift();
      if (!first) break;
      yield { piece: first.piece, opened: await first.opened };
    }
  } finally {
    await pieces.return();
  }
  if (failure) throw failure.error;
}

/** In bytes, of those that are there. */
async function sizeOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
