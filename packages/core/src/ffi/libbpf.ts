import koffi, { type LibraryHandle } from 'koffi';
import { BpfError, VerifierError } from '../errors.js';
import { errno, errnoName } from './libc.js';

/*
 * libbpf, for what only it can do: from an object file to maps and programs in the kernel. Everything of it
 * is let go of before load() returns; what stays are file descriptors. So nothing here can be used after it
 * was freed.
 */

const MINIMUM = [1, 1] as const;
const PRINT_BYTES = 16 * 1024 * 1024;
const LEVEL_WARN = 0;

type Pointer = bigint;

export interface Libbpf {
  readonly version: string;
  openMem(bytes: Uint8Array, length: number, options: { sz: number; object_name: string }): Pointer | null;
  load(object: Pointer): number;
  close(object: Pointer): void;
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
  /** What libbpf printed since the last call. */
  takeMessages(): string[];
}

let library: LibraryHandle | undefined;
let loaded: Libbpf | undefined;

/** The library itself, for other files of this folder. */
export function libbpfLibrary(): LibraryHandle {
  library ??= open();
  return library;
}

/** Throws ERR_NO_LIBBPF or ERR_LIBBPF_VERSION. CRYPTBPF_LIBBPF names another file than libbpf.so.1. */
export function libbpf(): Libbpf {
  loaded ??= bind(libbpfLibrary());
  return loaded;
}

function open(): LibraryHandle {
  const name = process.env.CRYPTBPF_LIBBPF ?? 'libbpf.so.1';
  try {
    return koffi.load(name);
  } catch (cause) {
    const hint = 'install libbpf 1.1 or newer (Debian and Ubuntu: apt-get install libbpf1)';
    throw new BpfError('ERR_NO_LIBBPF', `${name} cannot be loaded: ${hint}`, { cause });
  }
}

function checkVersion(version: string): void {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  if (major! > MINIMUM[0] || (major === MINIMUM[0] && minor! >= MINIMUM[1])) return;
  const message = `libbpf is ${version}, at least v${MINIMUM.join('.')} is needed`;
  throw new BpfError('ERR_LIBBPF_VERSION', message);
}

function bind(library: LibraryHandle): Libbpf {
  const version = library.func('const char *libbpf_version_string(void)')() as string;
  checkVersion(version);
  koffi.struct('bpf_object_open_opts', { sz: 'size_t', object_name: 'const char *' });
  const takeMessages = capturePrints(library);
  return {
    version,
    openMem: library.func(
      'void *bpf_object__open_mem(const void *bytes, size_t length, const bpf_object_open_opts *options)',
    ),
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
    takeMessages,
  };
}

/**
 * libbpf has one print function for the whole process, which gets a va_list: the C library formats it,
 * once. It is called only inside calls of ours, on our thread.
 */
function capturePrints(library: LibraryHandle): () => string[] {
  const format = koffi
    .load('libc.so.6')
    .func('int vsnprintf(_Out_ char *text, size_t size, const char *format, void *arguments)');
  const print = koffi.proto('int libbpf_print_fn(int level, const char *format, void *arguments)');
  const buffer = Buffer.allocUnsafeSlow(PRINT_BYTES);
  let messages: string[] = [];
  const callback = koffi.register((level: number, text: string, args: unknown) => {
    if (level !== LEVEL_WARN) return 0;
    const length = Math.min(format(buffer, buffer.length, text, args) as number, buffer.length - 1);
    messages.push(buffer.toString('utf8', 0, length));
    return 0;
  }, koffi.pointer(print));
  library.func('void *libbpf_set_print(libbpf_print_fn *print)')(callback);
  return () => {
    const taken = messages;
    messages = [];
    return taken;
  };
}

/** The error for a load that failed with result, from what libbpf printed. */
export function loadError(object: string, result: number, messages: readonly string[]): BpfError {
  const text = messages.join('');
  const log = /prog '([^']+)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)-- END PROG LOAD LOG --/.exec(text);
  if (log) return new VerifierError(log[1]!, log[2]!.split('\n'), -result);
  const cause = text ? new Error(text.trim()) : undefined;
  const options = { errno: -result, ...(cause ? { cause } : {}) };
  if (-result === errno.EPERM) {
    const message = `object ${object} cannot be loaded: needs CAP_BPF and CAP_NET_ADMIN, or root`;
    return new BpfError('ERR_PERMISSION', message, options);
  }
  if (/valid kernel BTF|vmlinux BTF/.test(text)) {
    const message = `object ${object} needs the kernel's BTF, which is not there: CONFIG_DEBUG_INFO_BTF is off`;
    return new BpfError('ERR_NO_BTF', message, options);
  }
  const why = text.trim().split('\n').at(0) ?? '';
  return new BpfError(
    'ERR_LOAD',
    `object ${object} cannot be loaded: ${errnoName(-result)} ${why}`.trim(),
    options,
  );
}
