import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LogError } from './errors.js';
import { FRAME_MAX, HEADER_BYTES, type Header, readHeader } from './wire.js';
import { Written } from './written.js';

/*
 * Files of whole epochs, <name>-00000001.cblog and so on: only ever appended to. Each can be read by itself.
 */

const SUFFIX = '.cblog';
const DIGITS = 8;

export interface FilesOptions {
  directory: string;
  name: string;
  /** Of one file: from there on, the next epoch goes to a new one. */
  maxFileBytes: number;
  /** The oldest are deleted when there are more; 0: none is. */
  maxFiles: number;
}

/** What a crash left behind, and what was cut off of it. */
export interface Repair {
  readonly file: string;
  readonly bytes: number;
}

interface OpenedFile {
  readonly path: string;
  readonly fd: number;
  readonly firstEpoch: number;
  bytes: number;
}

/** Paths of a log's files, oldest first. */
export function logFiles(directory: string, name: string): string[] {
  const isOurs = (file: string) =>
    file.startsWith(`${name}-`) && /^-\d{8}\.cblog$/.test(file.slice(name.length));
  return existsSync(directory)
    ? readdirSync(directory)
        .filter(isOurs)
        .sort()
        .map((file) => join(directory, file))
    : [];
}

export class LogFiles {
  readonly #options: FilesOptions;
  /** Oldest first; the one before last only while its last epoch is being closed. */
  readonly #open: OpenedFile[] = [];
  #number: number;
  #dirty = false;
  #syncing = false;

  constructor(options: FilesOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#number = numberOf(logFiles(options.directory, options.name).at(-1));
  }

  /** Cuts off what a crash left half written, at the end of the newest file. */
  repair(): Repair | undefined {
    const path = logFiles(this.#options.directory, this.#options.name).at(-1);
    return path === undefined ? undefined : repairFile(path);
  }

  /** Goes on in the newest file. Returns which records it and the one before have. */
  resume(): Written {
    const paths = logFiles(this.#options.directory, this.#options.name).slice(-2);
    const written = new Written();
    for (const path of paths) for (const header of headersIn(path)) written.add(header);
    const path = paths.at(-1);
    if (path !== undefined)
      this.#open.push({ path, fd: openSync(path, 'a'), firstEpoch: 0, bytes: statSync(path).size });
    return written;
  }

  /** Whether the next epoch should go to a new file. */
  get isFull(): boolean {
    return (this.#open.at(-1)?.bytes ?? 0) >= this.#options.maxFileBytes;
  }

  get path(): string | undefined {
    return this.#open.at(-1)?.path;
  }

  /** From here on, frames of this epoch and later ones go to a new file, if there is none or it is full. */
  beginEpoch(epoch: number): void {
    if (this.#open.length > 0 && !this.isFull) return;
    const path = join(this.#options.directory, nameOf(this.#options.name, ++this.#number));
    this.#open.push({ path, fd: create(path), firstEpoch: epoch, bytes: 0 });
    syncDirectory(this.#options.directory);
  }

  /** Appends frames of an epoch: all, or none. Throws ERR_LOG_FILE. */
  append(epoch: number, bytes: Uint8Array): void {
    const file = this.#open.findLast(({ firstEpoch }) => firstEpoch <= epoch) ?? this.#open[0];
    if (!file) throw new LogError('ERR_LOG_FILE', 'no epoch has begun');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file.fd, bytes, at);
    } catch (cause) {
      ftruncateSync(file.fd, file.bytes);
      throw new LogError('ERR_LOG_FILE', `writing ${file.path}: ${(cause as Error).message}`, { cause });
    }
    file.bytes += bytes.length;
    this.#dirty = true;
  }

  /** All of the epochs before this one is written: their files are closed, the oldest deleted. */
  endEpochsBefore(epoch: number): void {
    while (this.#open.length > 1 && this.#open[1]!.firstEpoch <= epoch) {
      const { fd } = this.#open.shift()!;
      fdatasyncSync(fd);
      closeSync(fd);
    }
    this.#deleteOldest();
  }

  /** Returns when all is on the disk. */
  sync(): void {
    for (const { fd } of this.#open) fdatasyncSync(fd);
    this.#dirty = false;
  }

  /** The same, without waiting; one at a time. */
  syncSoon(): void {
    const fd = this.#open.at(-1)?.fd;
    if (!this.#dirty || this.#syncing || fd === undefined) return;
    this.#dirty = false;
    this.#syncing = true;
    fdatasync(fd, () => {
      this.#syncing = false;
    });
  }

  close(): void {
    this.sync();
    for (const { fd } of this.#open.splice(0)) closeSync(fd);
  }

  #deleteOldest(): void {
    const { directory, name, maxFiles } = this.#options;
    if (maxFiles === 0) return;
    for (const path of logFiles(directory, name).slice(0, -maxFiles)) unlinkSync(path);
  }
}

function nameOf(name: string, number: number): string {
  return `${name}-${String(number).padStart(DIGITS, '0')}${SUFFIX}`;
}

function numberOf(path: string | undefined): number {
  return path === undefined ? 0 : Number(path.slice(-SUFFIX.length - DIGITS, -SUFFIX.length));
}

function create(path: string): number {
  try {
    return openSync(path, 'ax', 0o600);
  } catch (cause) {
    throw new LogError('ERR_LOG_FILE', `${path} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

/** So that a new file's name is not lost either. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

/**
 * What stands after the last whole frame goes. A frame in the middle that is damaged stays, for the reader to tell:
 * nothing that may be valid is cut off.
 */
export function repairFile(path: string): Repair | undefined {
  const fd = openSync(path, 'r+');
  try {
    const size = statSync(path).size;
    const end = endOfFrames(fd, size);
    if (end === size) return undefined;
    ftruncateSync(fd, end);
    fdatasyncSync(fd);
    return { file: path, bytes: size - end };
  } finally {
    closeSync(fd);
  }
}

function endOfFrames(fd: number, size: number): number {
  let end = 0;
  for (const { next } of framesIn(fd, size)) end = next;
  return end === size || !nextFrame(fd, end, size) ? end : size;
}

/** Frames that are whole, from the beginning on. */
function* framesIn(fd: number, size: number): Generator<{ header: Header; next: number }> {
  const bytes = Buffer.alloc(HEADER_BYTES);
  for (let at = 0; at < size; ) {
    const read = readSync(fd, bytes, 0, HEADER_BYTES, at);
    const header = read === HEADER_BYTES ? readHeader(bytes, 0) : undefined;
    if (!header) return;
    at += HEADER_BYTES + header.length;
    if (at <= size) yield { header, next: at };
  }
}

function headersIn(path: string): Header[] {
  const fd = openSync(path, 'r');
  try {
    return Array.from(framesIn(fd, statSync(path).size), ({ header }) => header);
  } finally {
    closeSync(fd);
  }
}

/** Whether another frame begins within the reach of one, in which case this one is damaged and not torn. */
function nextFrame(fd: number, at: number, size: number): boolean {
  const bytes = Buffer.alloc(Math.min(size - at, 2 * FRAME_MAX));
  readSync(fd, bytes, 0, bytes.length, at);
  for (let i = 1; i < bytes.length; i++) {
    const header = readHeader(bytes, i);
    if (header && at + i + HEADER_BYTES + header.length <= size) return true;
  }
  return false;
}
