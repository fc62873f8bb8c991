import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, existsSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';
import { tryLock } from '@cryptbpf/core';
import { logIdOf, nextLink } from './epoch.js';
import { LogError } from './errors.js';
import { KEY_BYTES, LOG_ID_BYTES, secret, wipe } from './keys.js';

/*
 * What has to outlive a restart: the log's id, the number of the next epoch and its link. One file of fixed size,
 * overwritten in place, so that the link before is overwritten as well (as far as the file system and the disk do
 * that). It is locked as long as a logger has it.
 */

const MAGIC = Buffer.from('CBLGSTA1');
const ID_AT = 8;
const EPOCH_AT = 24;
const LINK_AT = 32;
const SUM_AT = 64;
const STATE_BYTES = 96;

export class LogState {
  readonly #path: string;
  readonly #fd: number;
  readonly #link = secret(KEY_BYTES);
  #logId = Buffer.alloc(LOG_ID_BYTES);
  #epoch = 0;

  /** Makes a new log when there is no file. Throws ERR_LOG_BUSY, ERR_LOG_STATE. */
  constructor(path: string) {
    this.#path = path;
    const isNew = !existsSync(path);
    this.#fd = openSync(path, isNew ? 'wx+' : 'r+', 0o600);
    try {
      if (!tryLock(this.#fd))
        throw new LogError('ERR_LOG_BUSY', `another logger has ${path}: see fuser ${path}`);
      if (isNew) this.#begin();
      else this.#read();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  get logId(): Buffer {
    return this.#logId;
  }

  /** Takes the next epoch's number and link; what follows it is on the disk before this returns. */
  take(): { number: number; link: Buffer } {
    const link = secret(KEY_BYTES);
    link.set(this.#link);
    const number = this.#epoch;
    const next = nextLink(link);
    this.#link.set(next);
    wipe(next);
    this.#epoch++;
    this.#write();
    return { number, link };
  }

  close(): void {
    wipe(this.#link);
    closeSync(this.#fd);
  }

  #begin(): void {
    randomFillSync(this.#link);
    this.#logId = Buffer.from(logIdOf(this.#link));
    this.#epoch = 1;
    this.#write();
  }

  #write(): void {
    const bytes = secret(STATE_BYTES);
    MAGIC.copy(bytes);
    bytes.set(this.#logId, ID_AT);
    bytes.writeUInt32BE(this.#epoch, EPOCH_AT);
    bytes.set(this.#link, LINK_AT);
    bytes.set(sumOf(bytes), SUM_AT);
    writeSync(this.#fd, bytes, 0, STATE_BYTES, 0);
    fdatasyncSync(this.#fd);
    wipe(bytes);
  }

  #read(): void {
    const bytes = secret(STATE_BYTES);
    const read = readSync(this.#fd, bytes, 0, STATE_BYTES, 0);
    const isWhole = read === STATE_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC);
    if (!isWhole || !sumOf(bytes).equals(bytes.subarray(SUM_AT))) {
      const message = `${this.#path} is damaged: move it and the log's files away to begin a new log`;
      throw new LogError('ERR_LOG_STATE', message);
    }
    this.#logId = Buffer.from(bytes.subarray(ID_AT, ID_AT + LOG_ID_BYTES));
    this.#epoch = bytes.readUInt32BE(EPOCH_AT);
    this.#link.set(bytes.subarray(LINK_AT, LINK_AT + KEY_BYTES));
    wipe(bytes);
  }
}

function sumOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes.subarray(0, SUM_AT)).digest();
}
