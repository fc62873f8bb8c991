import { existsSync, mkdirSync, rmSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { BpfError } from './errors.js';
import { bpf, bpfError, Command, cString } from './ffi/bpf.js';
import { errno } from './ffi/libc.js';

/** Where bpffs is by convention. */
export const BPFFS = '/sys/fs/bpf';

const BPF_FS_MAGIC = 0xcafe4a11;

/** Makes directory, below a mounted bpffs. Throws ERR_NO_BPFFS, with what to do. */
export function ensurePinDirectory(directory: string): void {
  let existing = directory;
  while (!existsSync(existing)) existing = dirname(existing);
  if (statfsSync(existing).type !== BPF_FS_MAGIC) {
    const message = `${directory} is not on a bpf file system: mount -t bpf bpf ${BPFFS}`;
    throw new BpfError('ERR_NO_BPFFS', message);
  }
  mkdirSync(directory, { recursive: true });
}

/** Gives fd a name in bpffs, by which it lives on without us. Throws ERR_EXISTS. */
export function pinFd(title: string, fd: number, path: string): void {
  checkPath(path);
  ensurePinDirectory(dirname(path));
  const pathname = cString(path);
  const result = bpf(Command.OBJ_PIN, 16, (view) => {
    view.setBigUint64(0, pathname, true);
    view.setUint32(8, fd, true);
  });
  if (result < 0) throw bpfError(`pinning ${title} at ${path}`, result);
}

/** A file descriptor for what is pinned at path. Throws ERR_NOT_FOUND. */
export function openPin(path: string): number {
  const pathname = cString(path);
  const result = bpf(Command.OBJ_GET, 16, (view) => {
    view.setBigUint64(0, pathname, true);
  });
  if (result === -errno.ENOENT) throw new BpfError('ERR_NOT_FOUND', `nothing is pinned at ${path}`);
  if (result < 0) throw bpfError(`opening ${path}`, result);
  return result;
}

/** Takes the name away; what it named goes with its last reference. False when there was none. */
export function unpin(path: string): boolean {
  if (!existsSync(path)) return false;
  unlinkSync(path);
  return true;
}

/** Removes a directory of pins with all that is in it. */
export function removePins(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** bpffs reserves dots in names. */
function checkPath(path: string): void {
  if (path.includes('.'))
    throw new BpfError('ERR_BAD_OPTION', `${path} has a dot, which bpffs does not allow`);
}
