import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { OpenedPiece } from './ahead-opener.js';
import type { OpenerData, PieceOfFile } from './ahead-worker.js';
import { WORKER_SOURCE } from './ahead-worker-source.gen.js';

/** A record that a thread has opened: its text, and the beginning of the epoch whose key it was, as in the file. */
export interface OpenedRecord {
  readonly text: Buffer;
  readonly epochs: ReadonlyMap<number, string>;
}

/** Two keep the thread that judges busy. */
const MOST_THREADS = 2;
/** A thread takes a while to start: shorter logs are read before it has. */
const WORTH_BYTES = 8 << 20;

/** For a log of so many bytes. */
export function threadsFor(bytes: number): number {
  return bytes < WORTH_BYTES ? 0 : Math.min(MOST_THREADS, availableParallelism() - 1);
}

/** Threads that open the records of files, each its share of the streams. */
export class OpenerThreads {
  readonly #threads: OpenerThread[];

  constructor(count: number, key: Omit<OpenerData, 'share'>) {
    this.#threads = Array.from(
      { length: count },
      (_, index) => new OpenerThread({ ...key, share: { index, of: count } }),
    );
  }

  /** Pieces of files in their order. Rejects when a thread fails. */
  open(piece: PieceOfFile): Promise<OpenedPiece[]> {
    const opened = Promise.all(this.#threads.map((thread) => thread.open(piece)));
    opened.catch(() => {}); // whoever waits for it is told
    return opened;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

interface Waiting {
  resolve(opened: OpenedPiece): void;
  reject(error: Error): void;
}

/** Keeps the process running only while something waits for it. */
class OpenerThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor(data: OpenerData) {
    // Loaders and hooks of the program (execArgv) have no business in the worker and slow its start.
    this.#worker = new Worker(WORKER_SOURCE, { eval: true, execArgv: [], env: {}, workerData: data });
    this.#worker.unref();
    this.#worker.on('message', (opened: OpenedPiece) => this.#finish(opened));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a thread that opens records ended')));
  }

  open(piece: PieceOfFile): Promise<OpenedPiece> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#worker.ref();
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(piece);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #finish(opened: OpenedPiece): void {
    this.#waiting.shift()!.resolve(opened);
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

/** What threads have opened of one file, asked for in the order of the file. */
export class OpenedFile {
  readonly #parts: { readonly piece: OpenedPiece; readonly texts: Buffer; next: number }[] = [];
  readonly #epochs = new Map<number, string>();

  add(pieces: readonly OpenedPiece[]): void {
    for (const piece of pieces) {
      for (const [number, frame] of piece.epochs) this.#epochs.set(number, frame);
      if (piece.offsets.length > 0)
        this.#parts.push({ piece, texts: Buffer.from(piece.texts.buffer), next: 0 });
    }
  }

  /** The record whose frame begins there. */
  at(offset: number): OpenedRecord | undefined {
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      const { offsets, ends } = part.piece;
      while (part.next < offsets.length && offsets[part.next]! < offset) part.next++;
      if (part.next === offsets.length) this.#parts.splice(i--, 1);
      else if (offsets[part.next] === offset) {
        const from = part.next === 0 ? 0 : ends[part.next - 1];
        return { text: part.texts.subarray(from, ends[part.next]), epochs: this.#epochs };
      }
    }
    return undefined;
  }
}
