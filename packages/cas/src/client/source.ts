import { CasError } from './errors.js';

/**
 * Where content comes from. It is read twice, for hashes and for packets: bytes, a Blob or File, or a function that reads
 * the bytes from start on, before end, as often as it is called. A stream can be read once, so it is kept in
 * memory, up to 64 MiB.
 *
 * @example
 * import { createReadStream } from 'node:fs';
 * const content = await contentOf((start, end) => createReadStream(path, { start, end: end - 1 }));
 */
export type Source =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | ((start: number, end: number) => AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>);

const KEPT_BYTES_MAX = 64 * 2 ** 20;

/** A source that can be read again. */
export type Reader = (start: number, end: number) => AsyncIterable<Uint8Array>;

export async function readerOf(source: Source): Promise<Reader> {
  if (typeof source === 'function') return (start, end) => iterate(source(start, end));
  if (source instanceof Uint8Array) return (start, end) => once(source.subarray(start, end));
  if (typeof Blob !== 'undefined' && source instanceof Blob)
    return (start, end) => iterate(source.slice(start, end).stream());
  const kept = await collect(source as AsyncIterable<Uint8Array>);
  return (start, end) => once(kept.subarray(start, end));
}

/** The bytes from start on, before end, cut into pieces of that length; the last may be shorter, none is empty. */
export async function* pieces(
  reader: Reader,
  pieceBytes: number,
  start = 0,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (let bytes of reader(start, end)) {
    while (bytes.length > 0) {
      const part = bytes.subarray(0, pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      bytes = bytes.subarray(part.length);
      if (filled < pieceBytes) continue;
      yield piece;
      piece = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Not every browser iterates over streams by itself. */
async function* iterate(
  source: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (Symbol.asyncIterator in source) {
    yield* source as AsyncIterable<Uint8Array>;
    return;
  }
  const reader = (source as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

async function collect(stream: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of iterate(stream)) {
    size += part.length;
    if (size > KEPT_BYTES_MAX) {
      const message = `a stream of more than ${KEPT_BYTES_MAX} bytes: give a function that reads it, since it is read twice`;
      throw new CasError('ERR_CAS_SIZE', message);
    }
    parts.push(part);
  }
  const bytes = new Uint8Array(size);
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;
}
