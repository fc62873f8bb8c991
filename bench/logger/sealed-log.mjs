import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openObject } from '@cryptbpf/core';
import { AuditLogger, generateRecipient, logFiles } from '@cryptbpf/logger';
import { openLog } from '@cryptbpf/logger/reader';

const OBJECT = new URL('../../build/bpf/logger_bench.bpf.o', import.meta.url);
const RECORDS = 16_384;
const BATCHES = 4;
/** Header, text and tag. */
const RECORD_BYTES = 24 + 128 + 16;

/** A log that bpf/test/logger_bench.bpf.c writes to, and what its parts take, in nanoseconds a record. */
export class SealedLog {
  #directory;
  keys = generateRecipient();
  #logger;
  #bench;
  #sealed = 0;
  #context = new Uint8Array(BigUint64Array.of(BigInt(RECORDS)).buffer);
  #plain;

  static async create(parent, cipher = 'chacha20-poly1305') {
    const log = new SealedLog();
    const directory = join(parent, cipher);
    log.#directory = directory;
    log.#logger = await AuditLogger.attach({
      recipient: log.keys.publicPem,
      directory: join(directory, 'sealed'),
      cipher,
      events: [],
      ringBytes: 64 << 20,
      maxFileBytes: 1 << 30,
      drainMilliseconds: 10_000,
      epochSeconds: 3600,
      heartbeatSeconds: 3600,
    });
    const spec = openObject(OBJECT);
    for (const [name, map] of Object.entries(log.#logger.maps)) spec.map(name).maxEntries = map.maxEntries;
    spec.variable('log_by_aes').set(cipher === 'aes-256-gcm');
    log.#bench = spec.load({ reuse: log.#logger.maps });
    log.#plain = openSync(join(directory, 'plain'), 'w');
    return log;
  }

  /** Into an empty ring. */
  sealTimes() {
    return this.#batches(() => {
      const time = this.#seal();
      this.#logger.flush();
      return time;
    });
  }

  /** From a ring with so many to the disk. */
  writeTimes() {
    return this.#batches(() => {
      this.#seal();
      return timed(() => this.#logger.flush());
    });
  }

  plainWriteTimes() {
    const bytes = Buffer.alloc(RECORDS * RECORD_BYTES, 1);
    return this.#batches(() =>
      timed(() => {
        writeSync(this.#plain, bytes, 0, bytes.length, 0);
        fdatasyncSync(this.#plain);
      }),
    );
  }

  async close() {
    closeSync(this.#plain);
    const produced = Number(this.#bench.variables.bench_produced);
    this.#bench.close();
    await this.#logger.detach();
    if (produced !== this.#sealed) throw new Error(`${produced} records were made, expected ${this.#sealed}`);
  }

  /** All that was sealed. Throws when anything is wrong with it. */
  async readTimes(options = {}) {
    const log = openLog({
      ...options,
      key: this.keys.privatePem,
      files: logFiles(join(this.#directory, 'sealed'), 'audit'),
    });
    const begin = process.hrtime.bigint();
    for await (const _ of log.batches());
    const time = Number(process.hrtime.bigint() - begin);
    const { events, findings, lost } = log.totals;
    if (events !== this.#sealed || findings > 0 || lost.ring > 0)
      throw new Error(`read ${events} of ${this.#sealed} records, ${findings} findings`);
    return [time / events];
  }

  #seal() {
    this.#sealed += RECORDS;
    return timed(() => this.#bench.programs.bench_seal.testRun({ context: this.#context }));
  }

  #batches(batch) {
    return Array.from({ length: BATCHES }, batch);
  }
}

function timed(action) {
  const begin = process.hrtime.bigint();
  action();
  return Number(process.hrtime.bigint() - begin) / RECORDS;
}
