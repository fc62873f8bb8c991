import { closeSync } from 'node:fs';
import { BpfError } from './errors.js';
import { bpf, Command, cString, Memory } from './ffi/bpf.js';
import { errno, errnoName, PAGE } from './ffi/libc.js';
import { findKernelFunction } from './kernel-functions.js';

/** inconclusive: the probe itself could not be made, for want of a privilege for instance. */
export type Availability = 'yes' | 'no' | 'inconclusive';

export interface Feature {
  readonly availability: Availability;
  /** The first Linux that has it, such as "6.6"; undefined for kfuncs. */
  readonly minimumKernel: string | undefined;
  /** What the kernel answered. */
  readonly reason: string;
}

/** number, first Linux, and what a smallest one needs beside it */
const PROGRAMS = {
  tc: { type: 3, since: '4.1', flags: 0 },
  tracepoint: { type: 5, since: '4.7', flags: 0 },
  xdp: { type: 6, since: '4.8', flags: 0 },
  raw_tracepoint: { type: 17, since: '4.17', flags: 0 },
  /* sleepable */
  syscall: { type: 31, since: '5.14', flags: 16 },
} as const;

const MAPS = {
  hash: { type: 1, since: '3.19', key: 4, value: 4, entries: 1, flags: 0 },
  array: { type: 2, since: '3.19', key: 4, value: 4, entries: 1, flags: 0 },
  prog_array: { type: 3, since: '4.2', key: 4, value: 4, entries: 1, flags: 0 },
  percpu_hash: { type: 5, since: '4.6', key: 4, value: 4, entries: 1, flags: 0 },
  percpu_array: { type: 6, since: '4.6', key: 4, value: 4, entries: 1, flags: 0 },
  lru_hash: { type: 9, since: '4.10', key: 4, value: 4, entries: 1, flags: 0 },
  lru_percpu_hash: { type: 10, since: '4.10', key: 4, value: 4, entries: 1, flags: 0 },
  /* without preallocation */
  lpm_trie: { type: 11, since: '4.11', key: 8, value: 4, entries: 1, flags: 1 },
  ringbuf: { type: 27, since: '5.8', key: 0, value: 0, entries: PAGE, flags: 0 },
} as const;

interface Probe {
  readonly since: string;
  /** What the kernel answers: a file descriptor or another number from 0, or -errno. */
  ask(): number;
  /** errno values that mean yes. */
  readonly yes?: readonly number[];
}

const NO_INTERFACE = 0x7fff_ffff;
/** It is in every network namespace, and takes no offloaded program. */
const LOOPBACK = 1;
const BPF_XDP = 37;
const BPF_TCX_INGRESS = 46;
const XDP_OFFLOAD = 8;
const XDP_LIVE_FRAMES = 2;

const OTHERS = {
  /** Batches of map elements. */
  batch: { since: '5.6', ask: () => withFd(createMap(MAPS.hash), lookupBatch), yes: [errno.ENOENT] },
  /** Links of XDP programs. Asked for offload: the kernel refuses, having understood. */
  xdp_link: {
    since: '5.9',
    ask: () => withFd(loadProgram(PROGRAMS.xdp), (fd) => link(fd, LOOPBACK, BPF_XDP, XDP_OFFLOAD)),
    yes: [errno.EOPNOTSUPP],
  },
  /** BPF_PROG_TEST_RUN that sends: Program.sendFrames(). */
  live_frames: { since: '5.18', ask: () => withFd(loadProgram(PROGRAMS.xdp), sendFrame) },
  /** Links of tc programs. */
  tcx: {
    since: '6.6',
    ask: () => withFd(loadProgram(PROGRAMS.tc), (fd) => link(fd, NO_INTERFACE, BPF_TCX_INGRESS, 0)),
    yes: [errno.ENODEV],
  },
} as const satisfies Record<string, Probe>;

/** What can be probed; a kfunc is any function that the BTF of the kernel or of a module names. */
export type FeatureName =
  | `program:${keyof typeof PROGRAMS}`
  | `map:${keyof typeof MAPS}`
  | keyof typeof OTHERS
  | `kfunc:${string}`;

const PROBES = new Map<string, Probe>([
  ...Object.entries(PROGRAMS).map(
    ([name, program]) =>
      [`program:${name}`, { since: program.since, ask: () => loadProgram(program) }] as const,
  ),
  ...Object.entries(MAPS).map(
    ([name, map]) => [`map:${name}`, { since: map.since, ask: () => createMap(map) }] as const,
  ),
  ...Object.entries(OTHERS),
]);

const known = new Map<string, Feature>();

export const features = {
  /** All that can be probed by name, but for kfuncs. */
  names: [...PROBES.keys()] as readonly FeatureName[],

  /**
   * Asks the running kernel, and leaves nothing behind: needs CAP_BPF and CAP_NET_ADMIN, or root. A conclusive
   * answer is remembered. Throws ERR_NOT_FOUND for what is no feature.
   */
  probe(name: FeatureName): Feature {
    const feature = known.get(name) ?? probe(name);
    if (feature.availability !== 'inconclusive') known.set(name, feature);
    return feature;
  },
};

function probe(name: string): Feature {
  if (name.startsWith('kfunc:')) return probeKfunc(name.slice('kfunc:'.length));
  const found = PROBES.get(name);
  if (!found) {
    throw new BpfError(
      'ERR_NOT_FOUND',
      `no feature "${name}": there are ${features.names.join(', ')}, kfunc:…`,
    );
  }
  const { since, ask, yes = [] } = found;
  const result = ask();
  if (result > 2) closeSync(result);
  return { availability: judge(result, yes), minimumKernel: since, reason: describe(result) };
}

function judge(result: number, yes: readonly number[]): Availability {
  if (result >= 0 || yes.includes(-result)) return 'yes';
  const isUnknown = [errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUPP].some((code) => result === -code);
  return isUnknown ? 'no' : 'inconclusive';
}

function describe(result: number): string {
  return result < 0 ? `the kernel answered ${errnoName(-result)}` : 'the kernel accepted it';
}

/** What use answers about what fd is of; where that cannot be made, we cannot know. */
function withFd(fd: number, use: (fd: number) => number): number {
  if (fd < 0) return -errno.EPERM;
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** r0 = 1; exit: XDP_DROP, where that means something. */
const DROP = Uint8Array.of(0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
const scratch = new Memory(64);

function loadProgram({ type, flags }: { type: number; flags: number }): number {
  scratch.bytes.set(DROP);
  const license = cString('GPL');
  return bpf(Command.PROG_LOAD, 72, (view) => {
    view.setUint32(0, type, true);
    view.setUint32(4, DROP.length / 8, true);
    view.setBigUint64(8, scratch.address, true);
    view.setBigUint64(16, license, true);
    view.setUint32(44, flags, true);
  });
}

function createMap(map: (typeof MAPS)[keyof typeof MAPS]): number {
  return bpf(Command.MAP_CREATE, 72, (view) => {
    const fields = [map.type, map.key, map.value, map.entries, map.flags];
    fields.forEach((field, i) => {
      view.setUint32(4 * i, field, true);
    });
  });
}

function lookupBatch(fd: number): number {
  return bpf(Command.MAP_LOOKUP_BATCH, 56, (view) => {
    view.setBigUint64(8, scratch.address, true);
    view.setBigUint64(16, scratch.address + 16n, true);
    view.setBigUint64(24, scratch.address + 32n, true);
    view.setUint32(32, 1, true);
    view.setUint32(36, fd, true);
  });
}

function link(fd: number, ifindex: number, type: number, flags: number): number {
  return bpf(Command.LINK_CREATE, 64, (view) => {
    view.setUint32(0, fd, true);
    view.setUint32(4, ifindex, true);
    view.setUint32(8, type, true);
    view.setUint32(12, flags, true);
  });
}

function sendFrame(fd: number): number {
  scratch.bytes.fill(0);
  return bpf(Command.PROG_TEST_RUN, 80, (view) => {
    view.setUint32(0, fd, true);
    view.setUint32(8, scratch.bytes.length, true);
    view.setBigUint64(16, scratch.address, true);
    view.setUint32(32, 1, true);
    view.setUint32(64, XDP_LIVE_FRAMES, true);
    view.setUint32(72, 1, true);
  });
}

function probeKfunc(name: string): Feature {
  const minimumKernel = undefined;
  try {
    const found = findKernelFunction(name);
    const reason = found ? `${found} has function ${name}` : `no BTF of the kernel or a module has ${name}`;
    return { availability: found ? 'yes' : 'no', minimumKernel, reason };
  } catch (error) {
    const reason = `the kernel's BTF cannot be read: ${(error as Error).message}`;
    return { availability: 'inconclusive', minimumKernel, reason };
  }
}
