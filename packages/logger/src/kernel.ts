import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type BpfObject, type Link, possibleCpus, requireKernel } from '@cryptbpf/core';
import { lossesIn, type Sealed, sealedIn } from './counters.js';
import { type Epoch, streamChain } from './epoch.js';
import { LogError } from './errors.js';
import type { EventName } from './events.js';
import { addDescendants, setFilters } from './filters.js';
import { wipe } from './keys.js';
import {
  type LoggerObject,
  type LogOperation,
  LogResult,
  logCallCodec,
  logChainCodec,
  openLogger,
} from './logger.gen.js';
import type { Settings } from './options.js';
import { LogPins, type Recording } from './pins.js';
import type { Losses } from './record.js';
import { LogWire } from './records.gen.js';

export const LEVELS = LogWire.LOG_LEVELS;
const TRIES = 10_000;
export const OBJECT = new URL('./logger.bpf.o', import.meta.url);

/** The programs, their streams and the ring. */
export class LogKernel {
  readonly #object: BpfObject<LoggerObject>;
  readonly #pins: LogPins | undefined;
  /** Whether it goes on with what another controller left. */
  readonly resumes: boolean;
  readonly #recording: Recording;
  readonly #settings: Settings;
  readonly #call = new Uint8Array(logCallCodec.size);

  /** Loads; nothing is recorded yet, or still what was. Throws BpfError, ERR_LOG_BUSY; ERR_NOT_SUPPORTED before Linux 6.1. */
  constructor(settings: Settings, logId: string) {
    requireKernel('6.1', '@cryptbpf/logger');
    this.#settings = settings;
    const spec = openLogger(OBJECT);
    const cpus = possibleCpus();
    for (const name of ['log_streams', 'log_chains', 'log_stats'] as const)
      spec.map(name).maxEntries = cpus * LEVELS;
    spec.map('log_lost').maxEntries = cpus;
    spec.map('log_ring').maxEntries = settings.ringBytes;
    for (const event of settings.events) spec.program(`log_${event}`).autoload = true;
    spec.variable('log_records_per_key').set(settings.recordsPerKey);
    spec.variable('log_by_aes').set(settings.cipher === 'aes-256-gcm');
    this.#pins =
      settings.pin === undefined ? undefined : new LogPins(settings.pin, fingerprintOf(settings, logId));
    const reuse = this.#pins?.maps();
    this.resumes = reuse !== undefined;
    this.#recording = this.resumes ? this.#pins!.open() : { links: [], programs: [] };
    this.#object = spec.load({ reuse: reuse ?? {} });
  }

  /** Of the programs that record: another one whenever counters begin at 0. */
  get instance(): string {
    return `${bootId()}.${this.#object.maps.log_lost.info().id}`;
  }

  /** CPUs that have keys. */
  activeCpus(): number[] {
    const streams = [...this.#object.maps.log_stats].filter(([, { epoch }]) => epoch > 0n);
    return [...new Set(streams.map(([index]) => Math.floor(index / LEVELS)))];
  }

  get maps(): LoggerObject['maps'] {
    return this.#object.maps;
  }

  /** Records from now on. Filters are there before the first program. */
  attach(): void {
    const { events, filters } = this.#settings;
    if (this.resumes) return;
    setFilters(this.#object, events, filters);
    const { links, programs } = this.#recording;
    const { log_do, ...recording } = this.#object.programs;
    programs.push(...Object.values(recording));
    if (filters.tree) {
      links.push(this.#object.programs.log_fork.attachRawTracepoint('sched_process_fork'));
      addDescendants(this.#object, filters);
    }
    const needed = new Set(events);
    if (filters.tree) needed.add('exit'); // who is gone is not followed
    for (const event of needed) links.push(this.#attachTo(event));
    const maps = Object.values(this.#object.maps).filter(({ spec }) => !spec.internal);
    this.#pins?.keep(maps, this.#recording);
  }

  #attachTo(event: EventName): Link {
    const { programs } = this.#object;
    switch (event) {
      case 'exec':
        return programs.log_exec.attachRawTracepoint('sched_process_exec');
      case 'exit':
        return programs.log_exit.attachRawTracepoint('sched_process_exit');
      case 'connect':
        return programs.log_connect.attachRawTracepoint('inet_sock_set_state');
      case 'module':
        return programs.log_module.attachRawTracepoint('module_load');
      default:
        return programs[`log_${event}`].attachTracing();
    }
  }

  /** Ends it, also what is pinned. */
  detach(): void {
    for (const link of this.#recording.links.splice(0)) link.detach();
    this.#pins?.remove();
  }

  /** Puts an epoch's first keys where streams take them at their next switch. */
  stage(epoch: Epoch): void {
    const view = this.#object.maps.log_chains.view();
    for (let cpu = 0; cpu < possibleCpus(); cpu++) {
      for (let level = 0; level < LEVELS; level++) {
        const key = streamChain(epoch, cpu, level);
        const at = (cpu * LEVELS + level) * logChainCodec.size;
        logChainCodec.encode(view, at, { epoch: BigInt(epoch.number), key });
        wipe(key);
      }
    }
  }

  /**
   * On all streams of these CPUs. Where the ring is full, makes room and tries again: an end that is not written would
   * look like one that was cut off. Throws ERR_LOG_FULL, ERR_LOG_BUSY.
   */
  operate(cpus: Iterable<number>, operation: LogOperation, makeRoom: () => void): void {
    for (const cpu of cpus) {
      for (let level = 0; level < LEVELS; level++) this.#one(cpu * LEVELS + level, operation, makeRoom);
    }
  }

  #one(stream: number, operation: LogOperation, makeRoom: () => void): void {
    let result: number = LogResult.LOG_BUSY;
    for (let i = 0; i < TRIES && (result === LogResult.LOG_BUSY || result === LogResult.LOG_FULL); i++) {
      if (result === LogResult.LOG_FULL) makeRoom();
      logCallCodec.encode(new DataView(this.#call.buffer), 0, { stream, operation });
      result = this.#object.programs.log_do.testRun({ context: this.#call }).returnValue;
    }
    if (result === LogResult.LOG_FULL)
      throw new LogError('ERR_LOG_FULL', 'the ring stays full: give it more bytes, or filter more');
    if (result === LogResult.LOG_BUSY) throw new LogError('ERR_LOG_BUSY', `stream ${stream} stays busy`);
  }

  /** Events that were not recorded, on all CPUs, since the programs were attached. */
  losses(): Losses {
    return lossesIn(this.#object.maps.log_lost);
  }

  /** How often the kernel did not run a program, since it was running on that CPU: by program. */
  missed(): Record<string, number> {
    const misses = this.#recording.programs.map((program): [string, number] => [
      program.name,
      Number(program.info().recursionMisses),
    ]);
    return Object.fromEntries(misses);
  }

  /** Records that were sealed, and their bytes. */
  sealed(): Sealed {
    return sealedIn(this.#object.maps.log_stats);
  }

  /** Lets go: what is pinned goes on. */
  close(): void {
    for (const handle of [...this.#recording.links, ...this.#recording.programs]) handle.close();
    this.#object.close();
  }
}

/** Whoever has the same records the same, by the same programs, for the same log. */
function fingerprintOf(settings: Settings, logId: string): string {
  const { events, filters, cipher, recordsPerKey, ringBytes } = settings;
  const what = JSON.stringify([logId, events, filters, cipher, recordsPerKey, ringBytes]);
  return createHash('sha256').update(what).update(readFileSync(OBJECT)).digest('hex').slice(0, 16);
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** "0-3,8" */
export function onlineCpus(): number[] {
  const ranges = readFileSync('/sys/devices/system/cpu/online', 'latin1').trim().split(',');
  return ranges.flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}
