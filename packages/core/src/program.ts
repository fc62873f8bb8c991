import { infoOf, nameIn } from './ffi/bpf.js';
import { Handle, owning } from './handle.js';
import type { ProgramType } from './kinds.js';
import {
  attachRawTracepoint,
  attachTc,
  attachTracing,
  attachXdp,
  type TcDirection,
  type XdpMode,
} from './links/attach.js';
import { attachCgroup, type CgroupHook } from './links/cgroup.js';
import type { Link } from './links/link.js';
import { attachKprobe, attachTracepoint, type KprobeOptions } from './links/perf-event.js';
import { openPin, pinFd } from './pin.js';
import {
  type SendFramesOptions,
  sendFrames,
  type TestRunOptions,
  type TestRunResult,
  testRun,
} from './test-run.js';

export interface ProgramInfo {
  /** enum bpf_prog_type */
  readonly type: number;
  readonly id: number;
  /** A hash of its instructions, as bpftool shows it. */
  readonly tag: string;
  readonly name: string;
  /** Nanoseconds that its runs took, and how many those were, while the kernel measures it: kernel.bpf_stats_enabled. */
  readonly runTimeNs: bigint;
  readonly runCount: bigint;
  /** How often the kernel did not run it, since it was running on that CPU already (5.12+). */
  readonly recursionMisses: bigint;
}

const INFO_BYTES = 216;

/** A program in the kernel. */
export class Program extends Handle {
  readonly name: string;
  readonly type: ProgramType;

  constructor(name: string, type: ProgramType, fd: number) {
    super(fd);
    this.name = name;
    this.type = type;
  }

  /** A program that somebody pinned: an XdpProgram, TcProgram and so on. Throws ERR_NOT_FOUND, ERR_INCOMPATIBLE. */
  static open(path: string): Program {
    const fd = openPin(path, 'prog');
    return owning(fd, () => {
      const { name, type } = programInfo(path, fd);
      return createProgram(name, KERNEL_TYPES[type] ?? 'unspec', fd);
    });
  }

  get title(): string {
    return `program ${this.name}`;
  }

  info(): ProgramInfo {
    return programInfo(this.title, this.fd);
  }

  /** Gives it a name in bpffs: see Program.open(). Throws ERR_EXISTS, ERR_NO_BPFFS. */
  pin(path: string): void {
    pinFd(this.title, this.fd, path);
  }

  /**
   * Runs it on a packet that is nobody's: BPF_PROG_TEST_RUN. Throws ERR_BAD_VALUE for a packet or context that it
   * cannot take, ERR_NOT_SUPPORTED.
   */
  testRun(options: TestRunOptions = {}): TestRunResult {
    return testRun(this, options);
  }
}

/** SEC("xdp") */
export class XdpProgram extends Program {
  /** 5.9+. Throws ERR_NO_INTERFACE, ERR_BUSY, ERR_NOT_SUPPORTED, ERR_PERMISSION. */
  attachXdp(nameOrIndex: string | number, { mode = 'auto' }: { mode?: XdpMode } = {}): Link {
    return attachXdp(this, nameOrIndex, mode);
  }

  /**
   * Sends the packet through the network as if it had just come in, repeat times (5.18+): what the program returns
   * is done. XDP_TX leaves by the interface. Blocks until done.
   */
  sendFrames(options: SendFramesOptions): void {
    sendFrames(this, options);
  }
}

/** SEC("tc") */
export class TcProgram extends Program {
  /** By TCX (6.6+), else by clsact: the link's kind says which. */
  attachTc(nameOrIndex: string | number, direction: TcDirection, { force }: { force?: 'clsact' } = {}): Link {
    return attachTc(this, nameOrIndex, direction, force);
  }
}

/** SEC("tp") or SEC("tracepoint") */
export class TracepointProgram extends Program {
  /** 5.15+. Throws ERR_NOT_FOUND, also when tracefs is not mounted. */
  attachTracepoint(category: string, name: string): Link {
    return attachTracepoint(this, category, name);
  }
}

/** SEC("raw_tp") or SEC("raw_tracepoint") */
export class RawTracepointProgram extends Program {
  attachRawTracepoint(name: string): Link {
    return attachRawTracepoint(this, name);
  }
}

/** SEC("kprobe") and SEC("kretprobe") */
export class KprobeProgram extends Program {
  /**
   * 5.15+, and where the kernel has kprobes. A program for returns is attached onReturn. Throws ERR_NOT_FOUND for
   * what is no function that can be probed, ERR_NOT_SUPPORTED.
   */
  attachKprobe(functionName: string, options: KprobeOptions = {}): Link {
    return attachKprobe(this, functionName, options);
  }
}

/** SEC("cgroup_skb/…") and SEC("cgroup/…") */
export class CgroupProgram extends Program {
  /**
   * To a folder of cgroup v2, at the hook of its section, after the programs that are there (5.7+). Throws
   * ERR_NOT_FOUND, ERR_SYSCALL for another hook than it was loaded for.
   */
  attachCgroup(path: string, hook: CgroupHook): Link {
    return attachCgroup(this, path, hook);
  }
}

/** SEC("fentry/FUNCTION"), SEC("fexit/FUNCTION"), SEC("tp_btf/NAME"): the section says where. */
export class TracingProgram extends Program {
  /** 5.5+ on x86-64, 6.0+ on arm64. */
  attachTracing(): Link {
    return attachTracing(this);
  }
}

/** SEC("syscall") (5.14+): run with testRun(). */
export class SyscallProgram extends Program {}

const CLASSES: Partial<Record<ProgramType, typeof Program>> = {
  xdp: XdpProgram,
  tc: TcProgram,
  tracepoint: TracepointProgram,
  raw_tracepoint: RawTracepointProgram,
  syscall: SyscallProgram,
  tracing: TracingProgram,
  kprobe: KprobeProgram,
  cgroup: CgroupProgram,
  cgroup_skb: CgroupProgram,
};

/** enum bpf_prog_type, where there is a class. */
const KERNEL_TYPES: Partial<Record<number, ProgramType>> = {
  2: 'kprobe',
  3: 'tc',
  5: 'tracepoint',
  6: 'xdp',
  8: 'cgroup_skb',
  9: 'cgroup',
  17: 'raw_tracepoint',
  18: 'cgroup',
  26: 'tracing',
  31: 'syscall',
};

/** The handle that fits the type; it owns fd from then on. */
export function createProgram(name: string, type: ProgramType, fd: number): Program {
  return new (CLASSES[type] ?? Program)(name, type, fd);
}

export function programInfo(title: string, fd: number): ProgramInfo {
  const view = infoOf(title, fd, INFO_BYTES);
  const tag = Buffer.from(view.buffer, view.byteOffset + 8, 8).toString('hex');
  return {
    type: view.getUint32(0, true),
    id: view.getUint32(4, true),
    tag,
    name: nameIn(view, 64, 16),
    runTimeNs: view.getBigUint64(192, true),
    runCount: view.getBigUint64(200, true),
    recursionMisses: view.getBigUint64(208, true),
  };
}
