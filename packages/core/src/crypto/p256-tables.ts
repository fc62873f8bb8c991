import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { p256 } from '@noble/curves/nist.js';
import { BpfError } from '../errors.js';
import { type AffinePoint, ENTRY_BYTES, entriesOf } from './p256-build.js';
import { checkWidth, P256_DEFAULT_WIDTHS } from './p256-layout.js';
import type { TableReply } from './p256-worker.js';
import { WORKER_SOURCE } from './p256-worker-source.gen.js';

type Point = ReturnType<typeof p256.Point.fromBytes>;

const P = p256.Point.Fp.ORDER;
const COMPRESSED_BYTES = 33;
const UNCOMPRESSED_BYTES = 65;
const MONTGOMERY = 2n ** 261n;
/** How many entries of a new table are computed a second time, by noble. */
const CHECKED_ENTRIES = 4;

/**
 * The table of a public key for windows of so many bits, as bpf/lib/p256_tables.h reads it: for the map p256_entries,
 * at P256Layout.keyOffset(). The key is in SEC 1 form, 65 bytes or 33 compressed. Built in a worker thread, within
 * 100 ms for the default width once that runs, and checked against noble. Throws ERR_BAD_VALUE for what is no
 * public key, ERR_BAD_OPTION for a width that is not offered.
 */
export async function p256Table(
  publicKey: Uint8Array,
  width: number = P256_DEFAULT_WIDTHS.key,
): Promise<Uint8Array> {
  checkWidth(width);
  const point = decode(publicKey);
  const table = await builder.build(point.toAffine(), width);
  check(table, point, width);
  return table;
}

const generatorTables = new Map<number, Promise<Uint8Array>>();

/** The table of the generator, for the beginning of the map p256_entries. Built once: do not write to it. */
export function p256GeneratorTable(width: number = P256_DEFAULT_WIDTHS.generator): Promise<Uint8Array> {
  const known = generatorTables.get(width);
  if (known) return known;
  const table = p256Table(p256.Point.BASE.toBytes(), width);
  generatorTables.set(width, table);
  table.catch(() => generatorTables.delete(width));
  return table;
}

function decode(publicKey: Uint8Array): Point {
  const { length } = publicKey;
  if (length === 1 && publicKey[0] === 0) throw badKey('is the point at infinity');
  if (length !== COMPRESSED_BYTES && length !== UNCOMPRESSED_BYTES) {
    throw badKey(`is ${length} bytes, not ${UNCOMPRESSED_BYTES}, or ${COMPRESSED_BYTES} compressed`);
  }
  try {
    const point = p256.Point.fromBytes(publicKey);
    point.assertValidity();
    return point;
  } catch (cause) {
    throw badKey('is not a point of P-256 in SEC 1 form', cause);
  }
}

function badKey(what: string, cause?: unknown): BpfError {
  return new BpfError('ERR_BAD_VALUE', `public key ${what}`, { cause });
}

/** The last entry and some at random: another program's arithmetic has to agree. */
function check(table: Uint8Array<ArrayBuffer>, point: Point, width: number): void {
  const entries = entriesOf(width);
  const random = Array.from({ length: CHECKED_ENTRIES }, () => randomInt(entries));
  for (const index of [entries - 1, ...random]) {
    const perWindow = 2 ** (width - 1);
    const window = Math.floor(index / perWindow);
    const factor = BigInt((index % perWindow) + 1) << BigInt(width * window);
    const expected = point.multiplyUnsafe(factor % p256.Point.Fn.ORDER).toAffine();
    if (isEntry(table, index, expected)) continue;
    throw new Error(
      `table of a P-256 key: entry ${index} is wrong, this computer does not compute correctly`,
    );
  }
}

function isEntry(table: Uint8Array<ArrayBuffer>, index: number, { x, y }: AffinePoint): boolean {
  const words = new BigUint64Array(table.buffer, index * ENTRY_BYTES, ENTRY_BYTES / 8);
  const number = (at: number) =>
    words.subarray(at, at + 4).reduceRight((high, word) => (high << 64n) | word, 0n);
  return number(0) === (x * MONTGOMERY) % P && number(4) === (y * MONTGOMERY) % P;
}

interface Job {
  resolve(table: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

/** One worker, started by the first job; between jobs it does not keep the process running. */
class Builder {
  readonly #jobs = new Map<number, Job>();
  #worker: Worker | undefined;
  #last = 0;

  build(point: AffinePoint, width: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#worker ??= this.#start();
    this.#worker.ref();
    const id = ++this.#last;
    this.#worker.postMessage({ id, point, width });
    return new Promise((resolve, reject) => this.#jobs.set(id, { resolve, reject }));
  }

  #start(): Worker {
    // Loaders and hooks of the program (execArgv) have no business in the worker and slow its start.
    const worker = new Worker(WORKER_SOURCE, { eval: true, execArgv: [], env: {} });
    worker.on('message', ({ id, table }: TableReply) => this.#finish(id, table));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('the worker that builds tables ended')));
    return worker;
  }

  #finish(id: number, table: Uint8Array<ArrayBuffer>): void {
    this.#jobs.get(id)?.resolve(table);
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#worker?.unref();
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    for (const job of this.#jobs.values()) job.reject(error);
    this.#jobs.clear();
  }
}

const builder = new Builder();
