import type { CID } from 'multiformats/cid';
import { cidOfDigest } from './cid.js';
import { CasError } from './errors.js';
import { checkInteger, equalBytes } from './guards.js';
import { chunkCount, isManifest, type Manifest } from './manifest.js';
import {
  CHUNK_BYTES_MAX,
  CHUNK_BYTES_MIN,
  HASH_BYTES,
  leafHash,
  levelsOf,
  pathIn,
  pathLength,
  rootOf,
} from './merkle.js';
import {
  CHUNK_HEADER_BYTES,
  CONTENT_BYTES_MAX,
  encodeChunk,
  encodeWhole,
  HEADER_BYTES,
  objectHeader,
} from './packet.js';
import type { Range } from './ranges.js';
import { sha256 } from './sha256.js';
import { pieces, type Reader, readerOf, type Source } from './source.js';

export interface ContentOptions {
  /**
   * Bytes of a chunk, 64 to 8192. The same bytes have another id with other chunks. Default 512, with which objects up
   * to 4 GiB and their paths fit into a packet; 1024 costs less and is good for up to 1 MiB.
   */
  chunkBytes?: number;
  /** What a UDP datagram may hold. Default 1452: Ethernet, IPv6. */
  packetBytes?: number;
}

export interface PacketizeOptions extends ContentOptions {
  /** Only these chunks: what a receiver misses. Default: all. */
  ranges?: readonly Range[];
}

const CHUNK_BYTES = 512;
const PACKET_BYTES = 1452;
const PACKET_BYTES_MAX = 65_507;

/** Of so many chunks the hashes are not kept, but made again from the source: 1/256 of the tree is in memory. */
const GROUP_CHUNKS = 256;

/** Content that is ready to be sent. */
export abstract class Content {
  /** Of the content itself if one packet holds it all, else of the manifest. */
  readonly cid: CID;
  /** Bytes. */
  readonly size: number;
  readonly packetCount: number;

  protected constructor(id: Uint8Array, size: number, packetCount: number) {
    this.cid = cidOfDigest(id);
    this.size = size;
    this.packetCount = packetCount;
  }

  /** The packets, or those of these chunks. Throws ERR_CAS_SOURCE when the source has changed. */
  abstract packets(ranges?: readonly Range[]): AsyncGenerator<Uint8Array>;
}

class WholeContent extends Content {
  readonly #packet: Uint8Array;

  constructor(bytes: Uint8Array) {
    const id = sha256(bytes);
    super(id, bytes.length, 1);
    this.#packet = encodeWhole(id, bytes);
  }

  async *packets(ranges: readonly Range[] = [{ first: 0, end: 1 }]): AsyncGenerator<Uint8Array> {
    if (sorted(ranges, 1).length > 0) yield this.#packet.slice();
  }
}

class ChunkedContent extends Content {
  readonly #reader: Reader;
  readonly #manifest: Manifest;
  /** From the roots of groups on. */
  readonly #levels: readonly Uint8Array[];

  constructor(reader: Reader, manifest: Manifest, levels: readonly Uint8Array[]) {
    super(objectHeader(manifest).id, manifest.size, chunkCount(manifest));
    this.#reader = reader;
    this.#manifest = manifest;
    this.#levels = levels;
  }

  async *packets(
    ranges: readonly Range[] = [{ first: 0, end: this.packetCount }],
  ): AsyncGenerator<Uint8Array> {
    const wanted = sorted(ranges, this.packetCount);
    const header = objectHeader(this.#manifest);
    const { chunkBytes, size } = this.#manifest;
    const groupBytes = GROUP_CHUNKS * chunkBytes;
    for (const { first, end } of groupsOf(wanted)) {
      let group = first;
      const groups = pieces(this.#reader, groupBytes, first * groupBytes, Math.min(size, end * groupBytes));
      for await (const piece of groups) {
        const levels = this.#check(group, piece);
        const above = pathIn(this.#levels, group);
        for (const index of indexesIn(wanted, group)) {
          const within = index % GROUP_CHUNKS;
          const chunk = piece.subarray(within * chunkBytes, (within + 1) * chunkBytes);
          yield encodeChunk(header, index, chunk, [...pathIn(levels, within), ...above]);
        }
        group++;
      }
      if (group !== end) throw changed();
    }
  }

  /** Throws when the source gives other bytes than before. */
  #check(group: number, piece: Uint8Array): Uint8Array[] {
    const levels = levelsOf(leafHashes(piece, this.#manifest.chunkBytes));
    const before = this.#levels[0]!.subarray(group * HASH_BYTES, (group + 1) * HASH_BYTES);
    if (!equalBytes(rootOf(levels), before)) throw changed();
    return levels;
  }
}

/**
 * Reads content once and finds its id. What fits into one packet is sent whole, under its own CID; what does not, in
 * chunks, under the CID of a manifest. Throws ERR_CAS_SIZE when a chunk with its path does not fit a packet.
 */
export async function contentOf(source: Source, options: ContentOptions = {}): Promise<Content> {
  const chunkBytes = checkInteger(
    'chunkBytes',
    options.chunkBytes ?? CHUNK_BYTES,
    CHUNK_BYTES_MIN,
    CHUNK_BYTES_MAX,
  );
  const packetBytes = checkInteger(
    'packetBytes',
    options.packetBytes ?? PACKET_BYTES,
    HEADER_BYTES,
    PACKET_BYTES_MAX,
  );
  const reader = await readerOf(source);
  const whole = await readWhole(reader, Math.min(packetBytes - HEADER_BYTES, CONTENT_BYTES_MAX));
  return whole ? new WholeContent(whole) : readChunked(reader, chunkBytes, packetBytes);
}

/** The packets of content, one after another. For its id, or parts of it later, see `contentOf`. */
export async function* packetize(source: Source, options: PacketizeOptions = {}): AsyncGenerator<Uint8Array> {
  const { ranges, ...rest } = options;
  const content = await contentOf(source, rest);
  yield* content.packets(ranges);
}

/** All of it, unless it is longer or has the form of a manifest. */
async function readWhole(reader: Reader, bytes: number): Promise<Uint8Array | undefined> {
  let whole = new Uint8Array();
  for await (const piece of pieces(reader, bytes + 1)) {
    if (piece.length > bytes) return undefined;
    whole = piece.slice();
  }
  return isManifest(whole) ? undefined : whole;
}

async function readChunked(reader: Reader, chunkBytes: number, packetBytes: number): Promise<Content> {
  const roots: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces(reader, GROUP_CHUNKS * chunkBytes)) {
    roots.push(rootOf(levelsOf(leafHashes(piece, chunkBytes))));
    size += piece.length;
  }
  if (size === 0) throw changed();
  const levels = levelsOf(concat(roots));
  const manifest = { size, chunkBytes, root: rootOf(levels) };
  const longest =
    CHUNK_HEADER_BYTES + Math.min(size, chunkBytes) + pathLength(0, chunkCount(manifest) - 1) * HASH_BYTES;
  if (longest <= packetBytes) return new ChunkedContent(reader, manifest, levels);
  const message = `packets of ${longest} bytes, for chunks of ${chunkBytes} of an object of ${size}, do not fit ${packetBytes}`;
  throw new CasError('ERR_CAS_SIZE', `${message}: choose smaller chunks`);
}

function leafHashes(piece: Uint8Array, chunkBytes: number): Uint8Array {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < piece.length; at += chunkBytes)
    hashes.push(leafHash(piece.subarray(at, at + chunkBytes)));
  return concat(hashes);
}

function concat(hashes: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => {
    all.set(hash, i * HASH_BYTES);
  });
  return all;
}

/** In order, within the content, without what is empty; they may touch and overlap. */
function sorted(ranges: readonly Range[], count: number): Range[] {
  return ranges
    .map(({ first, end }) => ({ first: Math.max(0, first), end: Math.min(count, end) }))
    .filter(({ first, end }) => first < end)
    .sort((a, b) => a.first - b.first);
}

/** Groups that have any of the chunks, as ranges that neither touch nor overlap. */
function groupsOf(wanted: readonly Range[]): Range[] {
  const runs: { first: number; end: number }[] = [];
  for (const range of wanted) {
    const first = Math.floor(range.first / GROUP_CHUNKS);
    const end = Math.ceil(range.end / GROUP_CHUNKS);
    const last = runs.at(-1);
    if (last && first <= last.end) last.end = Math.max(last.end, end);
    else runs.push({ first, end });
  }
  return runs;
}

/** The chunks of a group that are wanted, each once. */
function* indexesIn(wanted: readonly Range[], group: number): Generator<number> {
  let next = group * GROUP_CHUNKS;
  const groupEnd = next + GROUP_CHUNKS;
  for (const { first, end } of wanted) {
    if (first >= groupEnd) return;
    for (let index = Math.max(first, next); index < Math.min(end, groupEnd); index++) yield index;
    next = Math.max(next, end);
  }
}

function changed(): CasError {
  return new CasError(
    'ERR_CAS_SOURCE',
    'the source gave other bytes than before: it must not change while it is sent',
  );
}
