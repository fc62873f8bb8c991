import { readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BpfObject } from '@cryptbpf/core';
import { LogError } from './errors.js';
import { EVENT_TYPES, type EventName } from './events.js';
import type { LoggerObject, LogPath } from './logger.gen.js';
import type { LogFilters } from './options.js';

const CGROUP2_MAGIC = 0x63677270;
const CGROUP_DEPTH = 32;
const COMM_BYTES = 16;
const PREFIX_BYTES = 64;
const LISTED = 1;

/** Says to the programs what they record: before they are attached. */
export function setFilters(
  { maps, variables }: BpfObject<LoggerObject>,
  events: readonly EventName[],
  filters: LogFilters,
): void {
  const { cgroups = [], uids = [], tree = [], comms = [], paths = [], sample = 1 } = filters;
  for (const path of cgroups) maps.log_cgroups.set(cgroupId(path), LISTED);
  for (const uid of uids) maps.log_uids.set(uid, LISTED);
  for (const pid of tree) maps.log_tree.set(pid, LISTED);
  for (const comm of comms) maps.log_comms.set({ bytes: padded(comm, COMM_BYTES) }, LISTED);
  for (const path of paths) maps.log_paths.set(prefixOf(path), LISTED);
  variables.log_filter = {
    events: events.reduce((bits, event) => bits | (1n << BigInt(EVENT_TYPES[event])), 0n),
    cgroupLevels: cgroups.reduce((bits, path) => bits | levelsFrom(depthOf(path)), 0) >>> 0,
    sample,
    byCgroup: cgroups.length > 0,
    byUid: uids.length > 0,
    byTree: tree.length > 0,
    byComm: comms.length > 0,
    byPath: paths.length > 0,
  };
}

/** Adds the processes that descend from those of the filter already: once their children are followed. */
export function addDescendants({ maps }: BpfObject<LoggerObject>, { tree = [] }: LogFilters): void {
  const children = childrenByParent();
  const waiting = [...tree];
  for (const pid of waiting) {
    maps.log_tree.set(pid, LISTED);
    waiting.push(...(children.get(pid) ?? []));
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  return children;
}

/** undefined: it is gone. */
function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
  } catch {
    return undefined;
  }
}

/** The kernel's id of a cgroup is its directory's inode. */
function cgroupId(path: string): bigint {
  try {
    if (statfsSync(path).type !== CGROUP2_MAGIC) throw new Error('it is on no file system of type cgroup2');
    return statSync(path, { bigint: true }).ino;
  } catch (cause) {
    throw new LogError('ERR_LOG_OPTION', `${path} is no cgroup: ${(cause as Error).message}`, { cause });
  }
}

/** Directories between it and where cgroup2 is mounted. */
function depthOf(path: string): number {
  const parent = dirname(path);
  return statfsSync(parent).type === CGROUP2_MAGIC ? 1 + depthOf(parent) : 0;
}

/** In a container the directory can lie deeper than it seems. */
function levelsFrom(depth: number): number {
  return depth < CGROUP_DEPTH ? 0xffff_ffff << depth : 0;
}

function prefixOf(path: string): LogPath {
  return { bits: 8 * Buffer.from(path).length, bytes: padded(path, PREFIX_BYTES) };
}

function padded(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(text));
  return bytes;
}
