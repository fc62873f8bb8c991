import { type Header, readHeader, TAG_BYTES } from './wire.js';

/**
 * How far a log is, for a witness: who has it knows these records by their tags, and finds out when the end of the log
 * was cut off or made anew. As JSON it can be sent anywhere; it is no secret.
 */
export interface Checkpoint {
  /** Hexadecimal. */
  logId: string;
  epoch: number;
  /** The newest record of each stream, with its tag in hexadecimal. */
  streams: { cpu: number; level: number; sequence: number; tag: string }[];
}

type StreamTag = Checkpoint['streams'][number];

export function tagOf(frame: Buffer): string {
  return frame.toString('hex', frame.length - TAG_BYTES);
}

/** Remembers the newest record of each stream of one epoch. */
export class CheckpointMaker {
  readonly #epoch: number;
  readonly #streams = new Map<string, StreamTag>();

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  see(frame: Buffer): void {
    const { cpu, level, epoch, sequence } = readHeader(frame, 0) as Header;
    if (epoch === this.#epoch)
      this.#streams.set(`${cpu}.${level}`, { cpu, level, sequence, tag: tagOf(frame) });
  }

  make(logId: string): Checkpoint {
    return { logId, epoch: this.#epoch, streams: [...this.#streams.values()] };
  }
}

/** Which records have to be in a log. */
export class Witnessed {
  readonly #expected = new Map<string, { epoch: number; stream: StreamTag }>();

  constructor(checkpoints: readonly Checkpoint[]) {
    for (const { epoch, streams } of checkpoints)
      for (const stream of streams) this.#expected.set(keyOf(epoch, stream), { epoch, stream });
  }

  /** False: a checkpoint has another record at this place. */
  see(header: Header, frame: Buffer): boolean {
    if (this.#expected.size === 0) return true;
    const key = keyOf(header.epoch, header);
    const expected = this.#expected.get(key);
    if (!expected) return true;
    this.#expected.delete(key);
    return expected.stream.tag === tagOf(frame);
  }

  /** Those that did not come. */
  get missing(): { epoch: number; cpu: number; level: number; sequence: number }[] {
    return [...this.#expected.values()].map(({ epoch, stream: { cpu, level, sequence } }) => {
      return { epoch, cpu, level, sequence };
    });
  }
}

function keyOf(
  epoch: number,
  { cpu, level, sequence }: Pick<StreamTag, 'cpu' | 'level' | 'sequence'>,
): string {
  return `${epoch}.${cpu}.${level}.${sequence}`;
}
