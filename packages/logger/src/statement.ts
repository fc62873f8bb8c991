import { type Cipher, sealRecord } from './cipher.js';
import { type Epoch, streamChain } from './epoch.js';
import { LogError } from './errors.js';
import { toJson } from './json.js';
import { wipe } from './keys.js';
import { Ratchet } from './ratchet.js';
import { LogCause, LogFrame, type LogType, logPrefixCodec } from './records.gen.js';
import { CONTROLLER, TAG_BYTES, writeHeader } from './wire.js';

const NOTHING_LOST = new Array(LogCause.LOG_CAUSES).fill(0n);
const BLOCK = 16;

const EVENT_NAME = /^[\w.-]{1,64}$/;
const EVENT_BYTES = 16 << 10;

/** What a NOTE says of an event of an application. Throws ERR_LOG_EVENT. */
export function eventStatement(event: string, details: object): object {
  if (!EVENT_NAME.test(event))
    throw new LogError('ERR_LOG_EVENT', `event "${event}" has no name of 1 to 64 letters, digits, . _ and -`);
  const text = toJson(details);
  const { length } = Buffer.from(text);
  if (length > EVENT_BYTES)
    throw new LogError(
      'ERR_LOG_EVENT',
      `event "${event}": ${length} bytes of details, expected ${EVENT_BYTES} at most`,
    );
  return { event, details: JSON.parse(text) };
}

/** What the controller itself says in an epoch: a stream like those of the CPUs, of JSON. */
export class Statements {
  readonly #epoch: number;
  readonly #cipher: Cipher;
  readonly #recordsPerKey: number;
  readonly #ratchet: Ratchet;
  #key: Buffer | undefined;
  #sequence = 0;

  constructor(epoch: Epoch) {
    const chain = streamChain(epoch, CONTROLLER, 0);
    this.#epoch = epoch.number;
    this.#cipher = epoch.cipher;
    this.#recordsPerKey = epoch.recordsPerKey;
    this.#ratchet = new Ratchet(chain);
    wipe(chain);
  }

  /** The frame of a statement that is made at timeNs of the boot clock. */
  seal(type: LogType, statement: object, timeNs: bigint): Buffer {
    const payload = Buffer.from(JSON.stringify(statement));
    const text = Buffer.alloc(Math.ceil((logPrefixCodec.size + payload.length) / BLOCK) * BLOCK);
    const prefix = { timeNs, lost: NOTHING_LOST, type, length: payload.length };
    logPrefixCodec.encode(new DataView(text.buffer, text.byteOffset), 0, prefix);
    text.set(payload, logPrefixCodec.size);
    return this.#frame(text);
  }

  /** Nothing more can be said in this epoch. */
  wipe(): void {
    if (this.#key) wipe(this.#key);
    this.#ratchet.wipe();
  }

  #frame(text: Buffer): Buffer {
    if (this.#sequence % this.#recordsPerKey === 0) {
      if (this.#key) wipe(this.#key);
      this.#key = this.#ratchet.next();
    }
    const sequence = this.#sequence++;
    const header = writeHeader({
      frame: LogFrame.LOG_FRAME_RECORD,
      length: text.length + TAG_BYTES,
      cpu: CONTROLLER,
      level: 0,
      epoch: this.#epoch,
      sequence,
    });
    return Buffer.concat([
      header,
      sealRecord({ cipher: this.#cipher, key: this.#key! }, header, sequence, text),
    ]);
  }
}
