import { randomBytes } from 'node:crypto';
import { type Cipher, sealRecord } from '../../src/cipher.js';
import { type Epoch, logIdOf, nextLink, streamChain, writeEpoch } from '../../src/epoch.js';
import { recipientPoint } from '../../src/keys.js';
import { Ratchet } from '../../src/ratchet.js';
import { LogFrame, LogType, logPrefixCodec } from '../../src/records.gen.js';
import { Statements } from '../../src/statement.js';
import { TAG_BYTES, writeHeader } from '../../src/wire.js';
import { RECIPIENT } from './read.js';

const RECORDS_PER_KEY = 4;

/** What the kernel does, in TypeScript: a stream of marks. */
class Stream {
  readonly #epoch: number;
  readonly #cpu: number;
  readonly #cipher: Cipher;
  readonly #ratchet: Ratchet;
  #key: Buffer = Buffer.alloc(0);
  #sequence = 0;

  constructor(epoch: Epoch, cpu: number) {
    this.#epoch = epoch.number;
    this.#cpu = cpu;
    this.#cipher = epoch.cipher;
    this.#ratchet = new Ratchet(streamChain(epoch, cpu, 0));
  }

  seal(type: number, lostRing = 0n): Buffer {
    if (this.#sequence % RECORDS_PER_KEY === 0) this.#key = this.#ratchet.next();
    const sequence = this.#sequence++;
    const text = Buffer.alloc(logPrefixCodec.size);
    logPrefixCodec.encode(new DataView(text.buffer, text.byteOffset), 0, {
      timeNs: BigInt(1000 + sequence),
      lost: [lostRing, 0n, 0n, 0n],
      type,
      length: 0,
    });
    const header = writeHeader({
      frame: LogFrame.LOG_FRAME_RECORD,
      length: text.length + TAG_BYTES,
      cpu: this.#cpu,
      level: 0,
      epoch: this.#epoch,
      sequence,
    });
    return Buffer.concat([
      header,
      sealRecord({ cipher: this.#cipher, key: this.#key }, header, sequence, text),
    ]);
  }
}

export interface ForgeOptions {
  epochs?: number;
  /** Beats of each stream in each epoch, before the record that closes it. */
  beats?: number;
  cpus?: number[];
  /** The counter of lost events that a beat carries. */
  lostAt?: (epoch: number, cpu: number, beat: number) => bigint;
  /** What the controller says first. */
  opening?: (epoch: number) => object;
  cipher?: Cipher;
}

/** The frames of a log by epoch: its beginning, the controller's opening, CPUs' records in turn, closings. */
export function makeLog({
  epochs = 3,
  beats = 9,
  cpus = [0, 1],
  lostAt = () => 0n,
  opening = () => ({}),
  cipher = 'chacha20-poly1305',
}: ForgeOptions = {}) {
  const point = recipientPoint(RECIPIENT.publicPem);
  let link: Buffer = randomBytes(32);
  const logId = Buffer.from(logIdOf(link));
  const made: Buffer[][] = [];
  for (let number = 1; number <= epochs; number++) {
    const epoch = { number, logId, cipher, recordsPerKey: RECORDS_PER_KEY, secret: randomBytes(32), link };
    const statements = new Statements(epoch);
    const streams = cpus.map((cpu) => ({ cpu, stream: new Stream(epoch, cpu) }));
    const frames = [writeEpoch(epoch, point)];
    frames.push(
      statements.seal(
        LogType.LOG_OPEN,
        { instance: 'a', cpus, levels: 1, unixNs: '0', ...opening(number) },
        1n,
      ),
    );
    for (let beat = 0; beat < beats; beat++) {
      for (const { cpu, stream } of streams)
        frames.push(stream.seal(LogType.LOG_BEAT, lostAt(number, cpu, beat)));
    }
    for (const { cpu, stream } of streams)
      frames.push(stream.seal(LogType.LOG_CLOSE, lostAt(number, cpu, beats)));
    frames.push(statements.seal(LogType.LOG_CLOSE, {}, 2n));
    made.push(frames);
    link = nextLink(link);
  }
  return { logId: logId.toString('hex'), epochs: made };
}
