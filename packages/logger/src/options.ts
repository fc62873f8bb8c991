import type { Writable } from 'node:stream';
import { CIPHERS, type Cipher } from './cipher.js';
import { LogError } from './errors.js';
import { DEFAULT_EVENTS, type EventName, isEvent } from './events.js';
import { type KeyInput, recipientPoint } from './keys.js';

/** A process has to pass all that are given; within each, one of the list is enough. */
export interface LogFilters {
  /** Directories of cgroup v2, such as /sys/fs/cgroup/system.slice: they and all below. */
  cgroups?: readonly string[];
  /** Real user ids. */
  uids?: readonly number[];
  /** Processes by number, and all that descend from them from then on or already. */
  tree?: readonly number[];
  /** Names as the kernel has them, at most 15 bytes. */
  comms?: readonly string[];
  /** Beginnings of the paths of executables, at most 64 bytes: for exec alone. */
  paths?: readonly string[];
  /** One process of so many, with all of its events. Default 1: all. */
  sample?: number;
}

export interface AuditLoggerOptions {
  /** The recipient's public key, P-256: a PEM or a KeyObject. Its private half must not be on this machine. */
  recipient: KeyInput;
  /** Where the files go; made if need be. */
  directory: string;
  /** What files begin with. Default "audit". */
  name?: string;
  /**
   * Default: exec and exit. connect and accept: TCP. credentials: user or group ids or capabilities that change.
   * module: loaded into the kernel. bpf: programs that are loaded.
   */
  events?: readonly EventName[];
  filters?: LogFilters;
  /** Default chacha20-poly1305; aes-256-gcm, by AES in BPF, takes several times as long. */
  cipher?: Cipher;
  /** How many records one key seals: what a thief of the memory can read back at most, on each stream. Default 16. */
  recordsPerKey?: number;
  /** Seconds; default 60. */
  epochSeconds?: number;
  /** Seconds; default 10. */
  heartbeatSeconds?: number;
  /** Milliseconds between two looks at the ring; default 20. */
  drainMilliseconds?: number;
  /** Of the ring, a power of two; default 16 MiB. What does not fit is lost, and counted. */
  ringBytes?: number;
  /** From there on, the next epoch goes to a new file. Default 64 MiB. */
  maxFileBytes?: number;
  /** The oldest files go when there are more. Default 0: none does. */
  maxFiles?: number;
  /** When written records are forced to the disk: after each drain, every second, or at ends of epochs. Default second. */
  sync?: 'drain' | 'second' | 'epoch';
  /**
   * A directory below /sys/fs/bpf, of this log's own: programs and keys are pinned there, and go on when this process ends
   * without detach(); the next logger with the same options takes over, and nothing is missing. Default: they go with it.
   */
  pin?: string;
  /**
   * Where a copy of the log goes, as lines of JSON: a socket, process.stdout. It is sealed as the files are. What it does not
   * take in time is dropped there, and counted.
   */
  forward?: Writable;
  /** Whether lost events are only counted (default), or also told by an event and a sealed note. */
  onLost?: 'count' | 'alarm';
}

export type Settings = Required<Omit<AuditLoggerOptions, 'recipient' | 'pin' | 'forward'>> & {
  readonly pin: string | undefined;
  readonly forward: Writable | undefined;
  readonly point: Buffer;
};

const SYNCS = ['drain', 'second', 'epoch'];
const PATH_BYTES = 64;
const COMM_BYTES = 15;

/** With the defaults. Throws ERR_LOG_OPTION, ERR_LOG_KEY. */
export function settingsOf(options: AuditLoggerOptions): Settings {
  const { recipient, ...given } = options;
  const settings = {
    name: 'audit',
    events: DEFAULT_EVENTS,
    filters: {},
    cipher: 'chacha20-poly1305',
    recordsPerKey: 16,
    epochSeconds: 60,
    heartbeatSeconds: 10,
    drainMilliseconds: 20,
    ringBytes: 16 << 20,
    maxFileBytes: 64 << 20,
    maxFiles: 0,
    pin: undefined,
    forward: undefined,
    sync: 'second',
    onLost: 'count',
    ...given,
  } satisfies Omit<Settings, 'point'>;
  check(settings);
  return { ...settings, point: recipientPoint(recipient) };
}

function check(settings: Omit<Settings, 'point'>): void {
  const { name, events, sync, onLost, filters } = settings;
  if (!/^[\w.]+$/.test(name)) throw bad('name', `"${name}" is not of letters, digits, _ and .`);
  for (const event of events) if (!isEvent(event)) throw bad('events', `there is no "${event}"`);
  if (!SYNCS.includes(sync)) throw bad('sync', `"${sync}" is none of ${SYNCS.join(', ')}`);
  if (onLost !== 'count' && onLost !== 'alarm') throw bad('onLost', `"${onLost}" is neither count nor alarm`);
  if (!CIPHERS.includes(settings.cipher))
    throw bad('cipher', `"${settings.cipher}" is none of ${CIPHERS.join(', ')}`);
  whole('recordsPerKey', settings.recordsPerKey, 1, 65536);
  whole('epochSeconds', settings.epochSeconds, 1, 86_400);
  whole('heartbeatSeconds', settings.heartbeatSeconds, 1, 86_400);
  whole('drainMilliseconds', settings.drainMilliseconds, 1, 10_000);
  whole('ringBytes', settings.ringBytes, 1 << 16, 1 << 30);
  if (Math.log2(settings.ringBytes) % 1 !== 0)
    throw bad('ringBytes', `${settings.ringBytes} is no power of two`);
  whole('maxFileBytes', settings.maxFileBytes, 1 << 16, Number.MAX_SAFE_INTEGER);
  whole('maxFiles', settings.maxFiles, 0, 1_000_000);
  if (settings.pin !== undefined && !/^\/[\w/-]+$/.test(settings.pin))
    throw bad('pin', `"${settings.pin}" is no path of letters, digits, _ and -`);
  checkFilters(filters);
}

function checkFilters({ uids = [], tree = [], comms = [], paths = [], sample }: LogFilters): void {
  for (const uid of uids) whole('filters.uids', uid, 0, 0xffff_fffe);
  for (const pid of tree) whole('filters.tree', pid, 1, 0x7fff_ffff);
  for (const comm of comms) bytesAtMost('filters.comms', comm, COMM_BYTES);
  for (const path of paths) bytesAtMost('filters.paths', path, PATH_BYTES);
  if (sample !== undefined) whole('filters.sample', sample, 1, 0xffff_ffff);
}

function bytesAtMost(option: string, text: string, limit: number): void {
  const { length } = Buffer.from(text);
  if (length < 1 || length > limit)
    throw bad(option, `"${text}" has ${length} bytes, expected 1 to ${limit}`);
}

function whole(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw bad(option, `${value} is no whole number from ${min} to ${max}`);
}

function bad(option: string, what: string): LogError {
  return new LogError('ERR_LOG_OPTION', `option ${option}: ${what}`);
}
