import type { Writable } from 'node:stream';
import { LogError } from './errors.js';
import { HEADER_BYTES, readHeader } from './wire.js';

/** What a slow receiver may make us keep. */
const BUFFERED_MAX = 16 << 20;

export interface ForwardStats {
  readonly sent: number;
  /** Frames that the receiver did not take in time: its copy lacks them, and shows it. */
  readonly dropped: number;
}

/**
 * Sends frames to who keeps a copy, as lines of JSON (NDJSON): sealed as they are in the file, with what stands in clear
 * beside. Waits for nobody: what is not taken in time is dropped, and counted.
 */
export class Forwarder {
  readonly #to: Writable;
  readonly #logId: string;
  #sent = 0;
  #dropped = 0;

  /** failed: told once of what ends it. */
  constructor(to: Writable, logId: string, failed: (error: Error) => void) {
    this.#to = to;
    this.#logId = logId;
    to.once('error', failed);
  }

  get stats(): ForwardStats {
    return { sent: this.#sent, dropped: this.#dropped };
  }

  /** Frames, one behind the other. */
  send(bytes: Buffer): void {
    const frames = [...framesOf(bytes)];
    if (!this.#to.writable || this.#to.writableLength >= BUFFERED_MAX) {
      this.#dropped += frames.length;
      return;
    }
    this.#to.write(frames.map((frame) => formatFrame(this.#logId, frame)).join(''));
    this.#sent += frames.length;
  }
}

function* framesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_BYTES + readHeader(bytes, at)!.length;
    yield bytes.subarray(at, end);
    at = end;
  }
}

function formatFrame(log: string, frame: Buffer): string {
  const { epoch, cpu, level, sequence } = readHeader(frame, 0)!;
  return `${JSON.stringify({ log, epoch, cpu, level, sequence, frame: frame.toString('base64') })}\n`;
}

/** The frame of a line, for a file. Only the frame counts, not what stands beside it. Throws ERR_LOG_FILE. */
export function frameOfLine(line: string): Buffer {
  const frame = Buffer.from(String(parse(line)?.frame), 'base64');
  const header = readHeader(frame, 0);
  if (header && frame.length === HEADER_BYTES + header.length) return frame;
  throw new LogError('ERR_LOG_FILE', `no line of a sealed log: ${line.slice(0, 40)}`);
}

function parse(line: string): { frame?: unknown } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
