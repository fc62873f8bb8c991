import { LogError } from './errors.js';
import { FRAME_MAX } from './wire.js';

const BUFFER_BYTES = 1 << 20;

/** Frames of one epoch, one behind the other. */
interface Part {
  readonly epoch: number;
  readonly from: number;
  to: number;
}

/** Frames on their way to a file: those that could not be written stay, and are written first. */
export class Pending {
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #parts: Part[] = [];

  /** Whether another frame may have no room: write first. */
  get isFull(): boolean {
    return this.#end > BUFFER_BYTES - FRAME_MAX;
  }

  /** Takes a copy of bytes from start to end. Throws ERR_LOG_FULL: nothing has been written for long. */
  add(epoch: number, bytes: Buffer, start = 0, end = bytes.length): void {
    const at = this.#end;
    if (at + end - start > BUFFER_BYTES)
      throw new LogError('ERR_LOG_FULL', 'what cannot be written fills the buffer');
    const last = this.#parts.at(-1);
    const part = last?.epoch === epoch ? last : { epoch, from: at, to: at };
    if (part !== last) this.#parts.push(part);
    part.to += bytes.copy(this.#buffer, at, start, end);
  }

  /** Hands over what there is, oldest first. What write throws ends it; that part and those behind it stay. */
  write(write: (epoch: number, bytes: Buffer) => void): void {
    for (let part = this.#parts[0]; part; part = this.#parts[0]) {
      write(part.epoch, this.#buffer.subarray(part.from, part.to));
      this.#parts.shift();
    }
  }

  get #end(): number {
    return this.#parts.at(-1)?.to ?? 0;
  }
}
