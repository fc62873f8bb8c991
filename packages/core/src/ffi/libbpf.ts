import koffi, { type LibraryHandle } from 'koffi';
import { BpfError } from '../errors.js';
import { cString, Memory } from './bpf.js';

/*
 * libbpf, for what only it can do: from an object file to maps and programs in the kernel. Everything of it
 * is let go of before load() returns; what stays are file descriptors. So nothing here can be used after it
 * was freed.
 */

const MINIMUM = [1, 1] as const;
/** libbpf lets a verifier's log grow to this. */
const PRINT_BYTES = 16 * 1024 * 1024;
const LEVEL_WARN = 0;

/** A native address. */
type Pointer = bigint;

export interface Libbpf {
  /** options: struct bpf_object_open_opts, see openOptions(). null: see lastErrno(). */
  openMem(bytes: Uint8Array, length: number, options: Pointer): Pointer | null;
  /** This and others return what they say, or -errno. */
  load(object: Pointer): number;
  close(object: Pointer): void;
  /** The map after previous, or the first; null: no more. */
  nextMap(object: Pointer, previous: Pointer | null): Pointer | null;
  nextProgram(object: Pointer, previous: Pointer | null): Pointer | null;
  mapName(map: Pointer): string;
  mapFd(map: Pointer): number;
  setMaxEntries(map: Pointer, entries: number): number;
  setInitialValue(map: Pointer, value: Uint8Array, length: number): number;
  reuseFd(map: Pointer, fd: number): number;
  programName(program: Pointer): string;
  programFd(program: Pointer): number;
  setAutoload(program: Pointer, autoload: boolean): number;
  /** Calls action, which can ask what libbpf has printed since. */
  listen<T>(action: (printed: () => string) => T): T;
}

let library: LibraryHandle | undefined;
let libraryVersion = '';
let bound: Libbpf | undefined;

/**
 * The library itself, for other files of this folder. Throws ERR_NO_LIBBPF or ERR_LIBBPF_VERSION.
 * CRYPTBPF_LIBBPF names another file than libbpf.so.1.
 */
export function libbpfLibrary(): LibraryHandle {
  library ??= open();
  return library;
}

/** Throws as libbpfLibrary() does. */
export function libbpf(): Libbpf {
  bound ??= bind(libbpfLibrary());
  return bound;
}

/** Such as "v1.5". Throws as libbpfLibrary() does. */
export function libbpfVersion(): string {
  libbpfLibrary();
  return libraryVersion;
}

function open(): LibraryHandle {
  const name = process.env.CRYPTBPF_LIBBPF ?? 'libbpf.so.1';
  let version: string;
  let opened: LibraryHandle;
  try {
    opened = koffi.load(name);
    version = opened.func('const char *libbpf_version_string(void)')() as string;
  } catch (cause) {
    const hint = 'install libbpf 1.1 or newer (Debian and Ubuntu: apt-get install libbpf1)';
    throw new BpfError('ERR_NO_LIBBPF', `${name} cannot be loaded: ${hint}`, { cause });
  }
  checkVersion(version);
  libraryVersion = version;
  return opened;
}

function checkVersion(version: string): void {
  const [, major = 0, minor = 0] = /^v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  const message = `libbpf is ${version}, at least v${MINIMUM.join('.')} is needed`;
  throw new BpfError('ERR_LIBBPF_VERSION', message);
}

function bind(library: LibraryHandle): Libbpf {
  return {
    openMem: library.func('void *bpf_object__open_mem(const void *bytes, size_t length, void *options)'),
    load: library.func('int bpf_object__load(void *object)'),
    close: library.func('void bpf_object__close(void *object)'),
    nextMap: library.func('void *bpf_object__next_map(const void *object, const void *previous)'),
    nextProgram: library.func('void *bpf_object__next_program(const void *object, void *previous)'),
    mapName: library.func('const char *bpf_map__name(const void *map)'),
    mapFd: library.func('int bpf_map__fd(const void *map)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    setInitialValue: library.func(
      'int bpf_map__set_initial_value(void *map, const void *value, size_t length)',
    ),
    reuseFd: library.func('int bpf_map__reuse_fd(void *map, int fd)'),
    programName: library.func('const char *bpf_program__name(const void *program)'),
    programFd: library.func('int bpf_program__fd(const void *program)'),
    setAutoload: library.func('int bpf_program__set_autoload(void *program, bool autoload)'),
    listen: listener(library),
  };
}

const options = new Memory(16);

/** Good until the next call. libbpf copies the name. */
export function openOptions(objectName: string): Pointer {
  options.view.setBigUint64(0, 16n, true);
  options.view.setBigUint64(8, cString(objectName), true);
  return options.address;
}

/**
 * libbpf has one print function for the whole process, which gets a va_list: the C library formats it, once.
 * It is ours only during listen(), in which it is called on our thread; outside of that libbpf is silent.
 */
function listener(library: LibraryHandle): Libbpf['listen'] {
  /* Types without names: a second copy of this module, or a Worker, would find the name taken. */
  const printType = koffi.pointer(koffi.proto('int', ['int', 'void *', 'void *']));
  const setPrint = library.func('libbpf_set_print', 'void *', [printType]);
  const format = koffi
    .load(null)
    .func('int vsnprintf(void *text, size_t size, void *format, void *arguments)');
  const buffer = Buffer.allocUnsafeSlow(PRINT_BYTES);
  let messages: string[] = [];
  const print = koffi.register((level: number, text: bigint, args: bigint) => {
    if (level !== LEVEL_WARN) return 0;
    const length = format(buffer, buffer.length, text, args) as number;
    messages.push(buffer.toString('utf8', 0, Math.min(length, buffer.length - 1)));
    return 0;
  }, printType);
  setPrint(null);
  return (action) => {
    messages = [];
    setPrint(print);
    try {
      return action(() => messages.join(''));
    } finally {
      setPrint(null);
    }
  };
}
