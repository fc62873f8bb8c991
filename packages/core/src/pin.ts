import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmSync,
  statfsSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BpfError } from './errors.js';
import { bpf, bpfError, Command, cString } from './ffi/bpf.js';
import { errno, tryLock } from './ffi/libc.js';

/** Where bpffs is by convention. */
export const BPFFS = '/sys/fs/bpf';

const BPF_FS_MAGIC = 0xcafe4a11;

/** What can be pinned. */
export type PinKind = 'map' | 'prog' | 'link';

/** Makes directory, below a mounted bpffs. Throws ERR_NO_BPFFS, with what to do; ERR_BAD_OPTION. */
function ensurePinDirectory(directory: string): void {
  checkAbsolute(directory);
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  if (statfsSync(existing).type !== BPF_FS_MAGIC) {
    const message = `${directory} is not on a bpf file system: mount -t bpf bpf ${BPFFS}`;
    throw new BpfError('ERR_NO_BPFFS', message);
  }
  checkNoDots(directory, directory.slice(existing.length));
  inFileSystem(`making ${directory}`, () => mkdirSync(directory, { recursive: true }));
}

/** Gives fd a name in bpffs, by which it lives on without us. Throws ERR_EXISTS, ERR_NO_BPFFS, ERR_BAD_OPTION. */
export function pinFd(title: string, fd: number, path: string): void {
  const directory = dirname(path);
  ensurePinDirectory(directory);
  checkNoDots(path, path.slice(directory.length));
  const pathname = cString(path);
  const result = bpf(Command.OBJ_PIN, 16, (view) => {
    view.setBigUint64(0, pathname, true);
    view.setUint32(8, fd, true);
  });
  if (result < 0) throw bpfError(`pinning ${title} at ${path}`, result);
}

/** A file descriptor for what is pinned at path. Throws ERR_NOT_FOUND; ERR_INCOMPATIBLE when it is no such thing. */
export function openPin(path: string, ...kinds: PinKind[]): number {
  checkAbsolute(path);
  const pathname = cString(path);
  const fd = bpf(Command.OBJ_GET, 16, (view) => {
    view.setBigUint64(0, pathname, true);
  });
  if (fd === -errno.ENOENT) throw new BpfError('ERR_NOT_FOUND', `nothing is pinned at ${path}`);
  if (fd < 0) throw bpfError(`opening ${path}`, fd);
  const kind = kindOf(fd);
  if (kinds.some((wanted) => wanted === kind)) return fd;
  closeSync(fd);
  throw new BpfError('ERR_INCOMPATIBLE', `${path} is a ${kind}, expected a ${kinds.join(' or ')}`);
}

/** As /proc says: "anon_inode:bpf-map"; a link is bpf_link or bpf-link. */
export function kindOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`).replace(/^anon_inode:\[?(bpf[-_])?|\]$/g, '');
}

/** Takes the name away; what it named goes with its last reference. False when there was none. */
export function unpin(path: string): boolean {
  if (!existsSync(path)) return false;
  inFileSystem(`removing ${path}`, () => unlinkSync(path));
  return true;
}

/** Removes a directory of pins with all that is in it. */
export function removePins(directory: string): void {
  inFileSystem(`removing ${directory}`, () => rmSync(directory, { recursive: true, force: true }));
}

const LOCK_WAIT_MS = 10_000;
const LOCK_STEP_MS = 5;
/** Directories that this thread has locked. */
const locked = new Set<string>();
const idle = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs action, which is synchronous, while nobody else does what is below directory (made, if need be): several
 * processes may set up gates at the same moment, when a machine starts for instance. May be nested. Throws ERR_BUSY
 * when another process keeps it for more than ten seconds; ERR_NO_BPFFS.
 */
export function withLock<T>(directory: string, action: () => T): T {
  if (locked.has(directory)) return action();
  ensurePinDirectory(directory);
  const fd = inFileSystem(`opening ${directory}`, () => openSync(directory, 'r'));
  try {
    awaitLock(fd, directory);
    locked.add(directory);
    return action();
  } finally {
    locked.delete(directory);
    closeSync(fd);
  }
}

function awaitLock(fd: number, directory: string): void {
  for (const end = performance.now() + LOCK_WAIT_MS; !tryLock(fd); ) {
    if (performance.now() > end) {
      throw new BpfError('ERR_BUSY', `another process keeps ${directory} locked: see fuser ${directory}`);
    }
    Atomics.wait(idle, 0, 0, LOCK_STEP_MS);
  }
}

function inFileSystem<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isForbidden = code === 'EACCES' || code === 'EPERM';
    const hint = isForbidden ? ': needs root, or a pin path that this user may write to' : '';
    throw new BpfError(isForbidden ? 'ERR_PERMISSION' : 'ERR_SYSCALL', `${what}: ${message}${hint}`, {
      cause,
    });
  }
}

function checkAbsolute(path: string): void {
  if (!path.startsWith('/')) throw new BpfError('ERR_BAD_OPTION', `pin path "${path}" does not begin with /`);
}

function checkNoDots(path: string, below: string): void {
  if (!below.includes('.')) return;
  throw new BpfError('ERR_BAD_OPTION', `${path} has a dot, which bpffs does not allow in its names`);
}
