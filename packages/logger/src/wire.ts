import { LogFrame, LogWire } from './records.gen.js';

/* Frames: docs/protocols.md, "The sealed log". */

export const HEADER_BYTES = LogWire.LOG_HEADER_BYTES;
export const NONCE_BYTES = 12;
export const TAG_BYTES = LogWire.LOG_TAG_BYTES;
export const CONTROLLER = LogWire.LOG_CONTROLLER;
/** The longest frame: a header and what 16 bits can count. */
export const FRAME_MAX = HEADER_BYTES + 0xffff;

/** Of a CPU and a level, as one number. */
export const streamKey = (cpu: number, level: number) => cpu * 256 + level;

/** What each begins with: magic and version. */
export const FRAME_START = Buffer.of(LogWire.LOG_MAGIC >> 8, LogWire.LOG_MAGIC & 0xff, LogWire.LOG_VERSION);

/** What stands in clear before each record. */
export interface Header {
  readonly frame: number;
  /** Of what follows, in bytes. */
  readonly length: number;
  readonly cpu: number;
  readonly level: number;
  readonly epoch: number;
  readonly sequence: number;
}

export function writeHeader(header: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16BE(LogWire.LOG_MAGIC, 0);
  bytes[2] = LogWire.LOG_VERSION;
  bytes[3] = header.frame;
  bytes.writeUInt16BE(header.length, 4);
  bytes.writeUInt16BE(header.cpu, 6);
  bytes.writeUInt32BE(header.epoch, 8);
  bytes[12] = header.level;
  bytes.writeBigUInt64BE(BigInt(header.sequence), 16);
  return bytes;
}

/** undefined: this is no header. Sequences above 2^53 - 1 are none: no stream comes so far. */
export function readHeader(bytes: Buffer, at: number): Header | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  if (bytes.readUInt16BE(at) !== LogWire.LOG_MAGIC || bytes[at + 2] !== LogWire.LOG_VERSION) return undefined;
  const frame = bytes[at + 3]!;
  if (frame !== LogFrame.LOG_FRAME_EPOCH && frame !== LogFrame.LOG_FRAME_RECORD) return undefined;
  if (bytes[at + 13] !== 0 || bytes.readUInt16BE(at + 14) !== 0 || bytes.readUInt32BE(at + 16) >= 1 << 21)
    return undefined;
  return {
    frame,
    length: bytes.readUInt16BE(at + 4),
    cpu: bytes.readUInt16BE(at + 6),
    level: bytes[at + 12]!,
    epoch: bytes.readUInt32BE(at + 8),
    sequence: bytes.readUInt32BE(at + 16) * 2 ** 32 + bytes.readUInt32BE(at + 20),
  };
}

/** A header with all that it announces. */
export function frameAt(bytes: Buffer, at: number): { header: Header; end: number } | undefined {
  const header = readHeader(bytes, at);
  const end = header ? at + HEADER_BYTES + header.length : 0;
  return header && end <= bytes.length ? { header, end } : undefined;
}

/** Where no frame may begin any more in a piece of a file: its end is in the next one. */
export function scanLimit(bytes: Buffer, isLast: boolean): number {
  return isLast ? bytes.length : bytes.length - FRAME_MAX - HEADER_BYTES;
}

export function isFrameOrEnd(bytes: Buffer, at: number): boolean {
  return at === bytes.length || readHeader(bytes, at) !== undefined;
}

/** Four zero bytes and the sequence. Returns nonce. */
export function writeNonce(nonce: Buffer, sequence: number): Buffer {
  nonce.writeUInt32BE(Math.floor(sequence / 2 ** 32), 4);
  nonce.writeUInt32BE(sequence >>> 0, 8);
  return nonce;
}
