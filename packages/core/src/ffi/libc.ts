import koffi from 'koffi';
import { BpfError } from '../errors.js';

/* The C library: the only way to system calls that Node does not have. */

/* Clients of the features install on any system, this package with them. */
if (process.platform !== 'linux') {
  throw new Error(
    `@cryptbpf/core loads eBPF and needs Linux; this is ${process.platform}. Clients are in ./client.`,
  );
}

/* The one that Node runs on, be it glibc or musl. */
const libc = koffi.load(null);

const SYS_BPF: Partial<Record<NodeJS.Architecture, number>> = { x64: 321, arm64: 280 };
const SYS_PERF_EVENT_OPEN: Partial<Record<NodeJS.Architecture, number>> = { x64: 298, arm64: 241 };

const syscallBpf = libc.func('long syscall(long number, long command, void *attributes, long size)');
const syscallPerf = libc.func(
  'long syscall(long number, void *attributes, long pid, long cpu, long group, long flags)',
);
const cMmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)',
);
const cMunmap = libc.func('int munmap(void *address, size_t length)');
const cFcntl = libc.func('int fcntl(int fd, int command, int argument)');
const cIoctl = libc.func('int ioctl(int fd, unsigned long request, long argument)');
const cSocket = libc.func('int socket(int family, int type, int protocol)');
const cClose = libc.func('int close(int fd)');
const cFlock = libc.func('int flock(int fd, int operation)');
const cIfNameToIndex = libc.func('uint32_t if_nametoindex(const char *name)');
const cIfIndexToName = libc.func('void *if_indextoname(uint32_t index, void *name)');
const cClockGettime = libc.func('int clock_gettime(int clock, _Out_ int64_t *time)');

const F_DUPFD_CLOEXEC = 1030;
const SC_PAGESIZE = 30;

/** In bytes: 4096, or on some arm64 kernels 16384 or 65536. */
export const PAGE = Number(libc.func('long sysconf(int name)')(SC_PAGESIZE));

const ERRNO_NAMES = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

/** ENOTSUPP: the kernel's own, which the C library does not name. */
const ENOTSUPP = 524;
ERRNO_NAMES.set(ENOTSUPP, 'ENOTSUPP');

export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  E2BIG: 7,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ERANGE: 34,
  ENOLINK: 67,
  EOPNOTSUPP: 95,
  ENOTSUPP,
} as const;

export function errnoName(value: number): string {
  return ERRNO_NAMES.get(value) ?? `errno ${value}`;
}

function numberFor(table: Partial<Record<NodeJS.Architecture, number>>, name: string): number {
  const number = table[process.arch];
  if (number !== undefined) return number;
  throw new BpfError('ERR_NOT_SUPPORTED', `${name} on ${process.arch}: x64 and arm64 are supported`);
}

let bpfNumber: number | undefined;

/** bpf(2). Returns the result, or -errno. attributes: a native address. */
export function bpfSyscall(command: number, attributes: bigint, size: number): number {
  bpfNumber ??= numberFor(SYS_BPF, 'bpf');
  const result = Number(syscallBpf(bpfNumber, command, attributes, size));
  return result < 0 ? -koffi.errno() : result;
}

/** Of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}

/** perf_event_open(2). Returns the file descriptor, or -errno. */
export function perfEventOpen(attributes: Uint8Array, pid: number, cpu: number): number {
  const number = numberFor(SYS_PERF_EVENT_OPEN, 'perf_event_open');
  const PERF_FLAG_FD_CLOEXEC = 8;
  const fd = Number(syscallPerf(number, attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC));
  return fd < 0 ? -koffi.errno() : fd;
}

/** ioctl(2) with a number as its argument. Returns the result, or -errno. */
export function ioctl(fd: number, request: number, argument: number): number {
  const result = cIoctl(fd, request, argument);
  return result < 0 ? -koffi.errno() : result;
}

/** A file descriptor of one's own for the same file. */
export function duplicate(fd: number): number {
  const copy = cFcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy >= 0) return copy;
  const code = koffi.errno();
  throw new BpfError('ERR_SYSCALL', `duplicating a file descriptor: ${errnoName(code)}`, { errno: code });
}

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

/** A socket to make requests about interfaces by; to be closed with closeFile(). */
export function datagramSocket(): number {
  const fd = cSocket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (fd >= 0) return fd;
  const code = koffi.errno();
  throw new BpfError('ERR_SYSCALL', `opening a socket: ${errnoName(code)}`, { errno: code });
}

/** For descriptors that Node did not open. */
export function closeFile(fd: number): void {
  cClose(fd);
}

const LOCK_EX_NB = 2 | 4;

/** Takes an exclusive flock(2), which goes with the descriptor. False: somebody else has it. */
export function tryLock(fd: number): boolean {
  if (cFlock(fd, LOCK_EX_NB) === 0) return true;
  const code = koffi.errno();
  if (code === errno.EAGAIN || code === errno.EINTR) return false;
  throw new BpfError('ERR_SYSCALL', `locking a file: ${errnoName(code)}`, { errno: code });
}

/** 0 when there is no such interface in this network namespace. */
export function interfaceNameToIndex(name: string): number {
  return cIfNameToIndex(name);
}

/** Whether this network namespace has an interface of that index. */
export function interfaceExists(index: number): boolean {
  if (!Number.isInteger(index) || index <= 0 || index > 0x7fff_ffff) return false;
  return cIfIndexToName(index, new Uint8Array(IF_NAMESIZE)) !== null;
}

const IF_NAMESIZE = 16;
const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;

/** What bpf_ktime_get_boot_ns() returns, in nanoseconds. */
export function bootTimeNs(): bigint {
  return readClock(CLOCK_BOOTTIME);
}

/** Unix time in nanoseconds. */
export function realTimeNs(): bigint {
  return readClock(CLOCK_REALTIME);
}

function readClock(clock: number): bigint {
  const time = new BigInt64Array(2);
  if (cClockGettime(clock, time) !== 0) {
    throw new BpfError('ERR_SYSCALL', `reading clock ${clock}: ${errnoName(koffi.errno())}`);
  }
  return time[0]! * 1_000_000_000n + time[1]!;
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** Memory outside of the JavaScript heap. */
export interface Mapping {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
}

/*
 * A mapping lives exactly as long as its one ArrayBuffer can be reached: it is unmapped when the garbage
 * collector has found that neither the buffer nor a view of it is left. So no view outlives its mapping,
 * whoever keeps it; closing a handle only lets go of it. The memory must not move to another ArrayBuffer, whose
 * end nobody would notice: Node refuses to transfer or copies, and transfer() (Node 22+) is taken away.
 */
const mappings = new FinalizationRegistry<{ address: bigint; length: number }>(({ address, length }) => {
  cMunmap(address, length);
});

function refuseTransfer(): never {
  throw new BpfError('ERR_NOT_SUPPORTED', 'memory of the kernel cannot be transferred: copy it with slice()');
}

const FIXED = { transfer: { value: refuseTransfer }, transferToFixedLength: { value: refuseTransfer } };

function map(length: number, protection: number, flags: number, fd: number, offset: number): Mapping {
  const address = cMmap(null, length, protection, flags, fd, offset) as bigint | null;
  if (address === null || BigInt.asUintN(64, address) === MAP_FAILED) {
    const code = koffi.errno();
    const message = `mapping ${length} bytes: ${errnoName(code)}`;
    throw new BpfError(code === errno.EPERM ? 'ERR_PERMISSION' : 'ERR_SYSCALL', message, { errno: code });
  }
  const buffer: ArrayBuffer = Object.defineProperties(koffi.view(address, length), FIXED);
  mappings.register(buffer, { address, length });
  return { address, buffer };
}

/** Maps length bytes of a map or ring from offset on; both in whole pages. What is not writable kills who writes. */
export function mapFile(fd: number, length: number, offset: number, writable: boolean): ArrayBuffer {
  return map(length, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset).buffer;
}

/** Memory whose address can be given to the kernel. */
export function mapAnonymous(length: number): Mapping {
  return map(length, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
}

/** Calls back when fd is readable. The process stays alive for it only while ref'd. */
export interface Poll {
  ref(): void;
  unref(): void;
  close(): void;
}

export function pollReadable(fd: number, onReadable: () => void): Poll {
  const handle = koffi.node.poll(fd, onReadable);
  return {
    ref: () => void handle.ref(),
    unref: () => void handle.unref(),
    close() {
      handle.stop();
      handle.close();
    },
  };
}
