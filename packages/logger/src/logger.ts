import { randomFillSync } from 'node:crypto';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { bootTimeNs } from '@cryptbpf/core';
import { type Checkpoint, CheckpointMaker } from './checkpoint.js';
import { type Epoch, writeEpoch } from './epoch.js';
import { LogError } from './errors.js';
import { LogFiles, type Repair } from './files.js';
import { Forwarder, type ForwardStats } from './forward.js';
import { bootId, LEVELS, LogKernel, onlineCpus } from './kernel.js';
import { KEY_BYTES, secret, wipe } from './keys.js';
import { type LoggerObject, LogOperation } from './logger.gen.js';
import { type AuditLoggerOptions, type Settings, settingsOf } from './options.js';
import { Pending } from './pending.js';
import type { Losses } from './record.js';
import { LogType } from './records.gen.js';
import { LogState } from './state.js';
import { eventStatement, Statements } from './statement.js';
import { readHeader } from './wire.js';
import type { Written } from './written.js';

const EPOCH_FIELD = 8;
const SECOND_MS = 1000;
const ALARMS_MAX = 256;

export interface LogStats {
  readonly logId: string;
  readonly epoch: number;
  readonly file: string | undefined;
  /** Records that the kernel has sealed, and their bytes, since this logger was attached. */
  readonly sealed: { readonly records: number; readonly bytes: number };
  /** Bytes that were written to files. */
  readonly written: number;
  readonly lost: Losses;
  /** What the kernel did not run programs for, by program. */
  readonly missed: Record<string, number>;
  /** To who keeps a copy. */
  readonly forwarded: ForwardStats;
  /** How many alarms there were. */
  readonly alarms: number;
}

/** error: something failed, such as a write, and is tried again. lost: with onLost 'alarm', all that was lost so far. */
export type LogAlarm = { type: 'error'; error: Error } | { type: 'lost'; lost: Losses };

/** An audit log that the kernel seals: attach() it, and keep the private key elsewhere. */
export class AuditLogger implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #state: LogState;
  readonly #files: LogFiles;
  readonly #kernel: LogKernel;
  readonly #repair: Repair | undefined;
  /** By the logger before, while this one takes over. */
  #taken: Written | undefined;
  /** Whose streams have keys. */
  readonly #cpus = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #pending = new Pending();
  readonly #alarms: LogAlarm[] = [];
  #forwarder: Forwarder | undefined;
  #maker: CheckpointMaker | undefined;
  #wake = () => {};
  #alarmCount = 0;
  #lastLost = 0;
  #isDetached = false;
  #ringBytes: Buffer | undefined;
  #epoch = 0;
  #statements: Statements | undefined;
  #written = 0;

  private constructor(options: AuditLoggerOptions) {
    this.#settings = settingsOf(options);
    const { directory, name, forward } = this.#settings;
    this.#files = new LogFiles(this.#settings);
    this.#state = new LogState(join(directory, `${name}.state`));
    if (forward)
      this.#forwarder = new Forwarder(forward, this.logId, (error) => this.#alarm({ type: 'error', error }));
    try {
      this.#repair = this.#files.repair();
      this.#kernel = new LogKernel(this.#settings, this.logId);
      if (!this.#kernel.resumes) return;
      this.#taken = this.#files.resume();
      for (const cpu of this.#kernel.activeCpus()) this.#cpus.add(cpu);
    } catch (error) {
      this.#state.close();
      throw error;
    }
  }

  /**
   * Records from now on, until detach(); with pin, takes over what another logger has left, or leaves it as it is. Needs Linux 6.1 and root (CAP_BPF, CAP_PERFMON). Throws BpfError and LogError:
   * ERR_LOG_OPTION, ERR_LOG_KEY, ERR_LOG_BUSY, ERR_LOG_STATE, ERR_LOG_FILE.
   */
  static async attach(options: AuditLoggerOptions): Promise<AuditLogger> {
    const logger = new AuditLogger(options);
    try {
      logger.nextEpoch();
      logger.#taken = undefined;
      logger.#kernel.attach();
      logger.#start();
      return logger;
    } catch (error) {
      if (logger.#kernel.resumes) logger.#close();
      else await logger.detach();
      throw error;
    }
  }

  /** Of this log, in hexadecimal: it commits to its first epoch. Keep it where this host cannot change it. */
  get logId(): string {
    return this.#state.logId.toString('hex');
  }

  /**
   * For programs that seal events of their own with bpf/lib/seal.h: an object that is loaded with these maps (`reuse`)
   * writes to this log. They are this logger's to close.
   */
  get maps(): Pick<
    LoggerObject['maps'],
    'log_streams' | 'log_chains' | 'log_stats' | 'log_lost' | 'log_ring'
  > {
    const { log_streams, log_chains, log_stats, log_lost, log_ring } = this.#kernel.maps;
    return { log_streams, log_chains, log_stats, log_lost, log_ring };
  }

  stats(): LogStats {
    return {
      logId: this.logId,
      epoch: this.#epoch,
      file: this.#files.path,
      sealed: this.#kernel.sealed(),
      written: this.#written,
      lost: this.#kernel.losses(),
      missed: this.#kernel.missed(),
      forwarded: this.#forwarder?.stats ?? { sent: 0, dropped: 0 },
      alarms: this.#alarmCount,
    };
  }

  /** Ends the epoch now, and begins the next one: what was recorded before is out of reach of this host. */
  nextEpoch(): void {
    this.#drain(); // before anything changes: a disk that is full leaves this epoch going on
    const epoch: Epoch = {
      ...this.#state.take(),
      logId: this.#state.logId,
      cipher: this.#settings.cipher,
      recordsPerKey: this.#settings.recordsPerKey,
      secret: randomFillSync(secret(KEY_BYTES)),
    };
    this.#files.beginEpoch(epoch.number);
    this.#pending.add(epoch.number, writeEpoch(epoch, this.#settings.point));
    this.#tryWrite(); // before there are records that need it
    const before = this.#statements;
    this.#statements = new Statements(epoch);
    this.#kernel.stage(epoch);
    wipe(epoch.secret, epoch.link);
    this.#epoch = epoch.number;
    for (const cpu of onlineCpus()) this.#cpus.add(cpu);
    this.#say(LogType.LOG_OPEN, this.#opening());
    this.#kernel.operate(this.#cpus, LogOperation.LOG_DO_SWITCH, () => this.#drain());
    this.#drain();
    if (before) this.#closeStatements(before, epoch.number - 1);
    this.#files.endEpochsBefore(epoch.number);
    this.#files.sync();
  }

  /** A heartbeat on all streams, and where they are: to be kept where this host cannot change it. */
  checkpoint(): Checkpoint {
    this.#drain();
    const maker = new CheckpointMaker(this.#epoch);
    this.#maker = maker;
    try {
      this.#beat();
      this.#files.sync();
    } finally {
      this.#maker = undefined;
    }
    return maker.make(this.logId);
  }

  /** Alarms as they come, until detach(). The last 256 are kept for who comes late. */
  async *alarms(): AsyncGenerator<LogAlarm, void, undefined> {
    while (true) {
      const alarm = this.#alarms.shift();
      if (alarm) yield alarm;
      else if (this.#isDetached) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /**
   * Seals an event of the application's own, in the controller's stream of this epoch: a verdict of a gate, a key that
   * changed. It cannot be removed unseen, as nothing that the kernel records can. What tells is this process, not the
   * kernel. Name: up to 64 letters, digits, `.`, `_` and `-`; details: what JSON holds and bigints, 16 KiB at most. Throws
   * ERR_LOG_EVENT; ERR_LOG_CLOSED after detach(); ERR_LOG_FULL when nothing could be written for long: it is not in the log then.
   */
  append(name: string, details: object = {}): void {
    const statement = eventStatement(name, details);
    if (!this.#statements) throw new LogError('ERR_LOG_CLOSED', 'the log is closed: nothing can be appended');
    this.#say(LogType.LOG_NOTE, statement);
  }

  /** Writes what is in the ring, and returns when it is on the disk. */
  flush(): void {
    this.#drain();
    this.#files.sync();
  }

  /** Takes the programs down, and closes the log. */
  async detach(): Promise<void> {
    if (this.#isDetached) return;
    this.#isDetached = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#kernel.detach();
    const statements = this.#statements;
    this.#statements = undefined;
    try {
      if (!statements) return;
      this.#kernel.operate(this.#cpus, LogOperation.LOG_DO_CLOSE, () => this.#drain());
      this.#drain();
      this.#closeStatements(statements, this.#epoch);
    } finally {
      this.#close();
    }
  }

  /** Lets go: what is pinned records on, and the next logger with the same options goes on writing. Without pin, detaches. */
  async close(): Promise<void> {
    if (this.#settings.pin === undefined) return this.detach();
    if (this.#isDetached) return;
    this.#isDetached = true;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    try {
      this.flush();
    } finally {
      this.#statements?.wipe();
      this.#statements = undefined;
      this.#close();
    }
  }

  #close(): void {
    try {
      this.#files.close();
    } finally {
      this.#kernel.close();
      this.#state.close();
      this.#wake();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.detach();
  }

  #start(): void {
    const { drainMilliseconds, heartbeatSeconds, epochSeconds, sync, onLost } = this.#settings;
    this.#every(drainMilliseconds, () => this.#drain());
    this.#every(heartbeatSeconds * 1000, () => this.#beat());
    this.#every(epochSeconds * 1000, () => this.nextEpoch());
    if (sync === 'second') this.#every(SECOND_MS, () => this.#files.syncSoon());
    if (onLost === 'alarm') this.#every(SECOND_MS, () => this.#watchLosses());
  }

  /** What fails is told, and tried again the next time. */
  #every(milliseconds: number, action: () => void): void {
    const guarded = () => {
      try {
        action();
      } catch (error) {
        this.#alarm({ type: 'error', error: error as Error });
      }
    };
    this.#timers.push(setInterval(guarded, milliseconds));
  }

  /** The oldest go when nobody listens. */
  #alarm(alarm: LogAlarm): void {
    if (this.#alarms.push(alarm) > ALARMS_MAX) this.#alarms.shift();
    this.#alarmCount++;
    this.#wake();
  }

  /** Told once for each time that more was lost: by an alarm, and in the log. */
  #watchLosses(): void {
    const lost = this.#kernel.losses();
    const sum = lost.ring + lost.nested + lost.key + lost.tree;
    if (sum === this.#lastLost) return;
    this.#lastLost = sum;
    this.#say(LogType.LOG_NOTE, { lost });
    this.#alarm({ type: 'lost', lost });
  }

  /** CPUs that came up meanwhile get their keys first. */
  #beat(): void {
    const added = onlineCpus().filter((cpu) => !this.#cpus.has(cpu));
    for (const cpu of added) this.#cpus.add(cpu);
    this.#kernel.operate(added, LogOperation.LOG_DO_SWITCH, () => this.#drain());
    this.#kernel.operate(this.#cpus, LogOperation.LOG_DO_BEAT, () => this.#drain());
    this.#drain();
    this.#say(LogType.LOG_BEAT, this.#condition());
    this.#write();
  }

  #say(type: LogType, statement: object): void {
    const frame = this.#statements!.seal(type, statement, bootTimeNs());
    this.#pending.add(this.#epoch, frame);
    this.#maker?.see(frame);
  }

  #closeStatements(statements: Statements, epoch: number): void {
    this.#pending.add(epoch, statements.seal(LogType.LOG_CLOSE, this.#condition(), bootTimeNs()));
    statements.wipe();
    this.#write();
  }

  #opening(): object {
    const { events, filters } = this.#settings;
    return {
      ...this.#condition(),
      host: hostname(),
      kernel: release(),
      boot: bootId(),
      events,
      filters,
      ...(this.#repair && { repair: this.#repair }),
      ...(this.#taken && { resumes: true }),
    };
  }

  #condition(): object {
    return {
      instance: this.#kernel.instance,
      unixNs: String(BigInt(Date.now()) * 1_000_000n),
      cpus: [...this.#cpus],
      levels: LEVELS,
      missed: this.#kernel.missed(),
    };
  }

  /**
   * From the ring to the file. What cannot be written stays in the ring, and then is lost and counted there. The ring's
   * memory is given back when its records are written: a logger that dies leaves the others to the next.
   */
  #drain(): void {
    this.#write();
    this.#kernel.maps.log_ring.drain((...record) => this.#take(...record), {
      commit: () => this.#tryWrite(),
    });
    this.#write();
    if (this.#settings.sync === 'drain') this.#files.sync();
  }

  /** Returns whether there is room for another one. */
  #take(view: DataView, offset: number, length: number): boolean {
    this.#ringBytes ??= Buffer.from(view.buffer, view.byteOffset);
    if (this.#taken?.has(readHeader(this.#ringBytes, offset)!)) return true;
    const epoch = view.getUint32(offset + EPOCH_FIELD);
    this.#pending.add(epoch, this.#ringBytes, offset, offset + length);
    this.#maker?.see(this.#ringBytes.subarray(offset, offset + length));
    if (this.#pending.isFull) this.#tryWrite();
    return !this.#pending.isFull;
  }

  /** What fails stays, and is tried again: whoever comes next throws. */
  #tryWrite(): void {
    try {
      this.#write();
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
    }
  }

  #write(): void {
    this.#pending.write((epoch, bytes) => {
      this.#files.append(epoch, bytes);
      this.#written += bytes.length;
      this.#forwarder?.send(bytes);
    });
  }
}
