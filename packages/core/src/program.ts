import { BpfError } from './errors.js';
import { bpfError, Command, check, GrowingMemory, infoOf, Memory, nameIn } from './ffi/bpf.js';
import { bpfSyscall, errno } from './ffi/libc.js';
import { Handle } from './handle.js';
import type { ProgramType } from './kinds.js';
import {
  attachRawTracepoint,
  attachTc,
  attachTracepoint,
  attachXdp,
  type TcDirection,
  type XdpMode,
} from './links/attach.js';
import type { Link } from './links/link.js';
import { openPin, pinFd } from './pin.js';

export interface TestRunOptions {
  /** The packet. For XDP at least 14 bytes. */
  data?: Uint8Array;
  /** struct xdp_md, struct __sk_buff, or the context of a syscall program. */
  context?: Uint8Array;
  /** How often to run. Each run gets the packet as the one before left it. Default 1. */
  repeat?: number;
  /** Bytes of the packet to return at most. Default: what was given, and 256 more. */
  outputSize?: number;
  /** Run on this CPU: only where the kernel allows it (raw tracepoints). */
  cpu?: number;
}

export interface TestRunResult {
  readonly returnValue: number;
  /** The packet afterwards: a copy. */
  readonly data: Uint8Array;
  readonly context: Uint8Array;
  /** Mean time of one run, by the kernel's measure. */
  readonly durationNs: number;
}

export interface ProgramInfo {
  readonly type: number;
  readonly id: number;
  /** A hash of its instructions, as bpftool shows it. */
  readonly tag: string;
  readonly name: string;
}

const TEST_RUN_BYTES = 80;
const HEADROOM = 256;
const BPF_F_TEST_XDP_LIVE_FRAMES = 2;
const INFO_BYTES = 88;

const input = new GrowingMemory();
const output = new GrowingMemory();
const contextIn = new GrowingMemory();
const contextOut = new GrowingMemory();
const attributes = new Memory(TEST_RUN_BYTES);

/** A program in the kernel. */
export class Program extends Handle {
  readonly name: string;
  readonly type: ProgramType;

  constructor(name: string, type: ProgramType, fd: number) {
    super(fd);
    this.name = name;
    this.type = type;
  }

  /** A program that somebody pinned. Throws ERR_NOT_FOUND. */
  static open(path: string, type: ProgramType = 'unspec'): Program {
    const fd = openPin(path);
    return new Program(nameIn(infoOf(path, fd, INFO_BYTES), 64, 16), type, fd);
  }

  get title(): string {
    return `program ${this.name}`;
  }

  info(): ProgramInfo {
    const view = infoOf(this.title, this.fd, INFO_BYTES);
    const tag = Array.from({ length: 8 }, (_, i) =>
      view
        .getUint8(8 + i)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
    return { type: view.getUint32(0, true), id: view.getUint32(4, true), tag, name: nameIn(view, 64, 16) };
  }

  pin(path: string): void {
    pinFd(this.title, this.fd, path);
  }

  /** Runs it on a packet that is nobody's: BPF_PROG_TEST_RUN. Throws ERR_NOT_SUPPORTED, ERR_SYSCALL. */
  testRun({ data, context, repeat = 1, outputSize, cpu = 0 }: TestRunOptions = {}): TestRunResult {
    const room = data ? (outputSize ?? data.length + HEADROOM) : 0;
    const out = output.atLeast(Math.max(room, 1));
    const contextRoom = context?.length ?? 0;
    const outContext = contextOut.atLeast(Math.max(contextRoom, 1));
    const { view } = attributes;
    view.setUint32(0, this.fd, true);
    placeInput(view, data, context);
    view.setUint32(12, room, true);
    view.setBigUint64(24, room ? out.address : 0n, true);
    view.setUint32(32, repeat, true);
    view.setUint32(44, this.type === 'syscall' ? 0 : contextRoom, true);
    view.setBigUint64(56, contextRoom && this.type !== 'syscall' ? outContext.address : 0n, true);
    view.setUint32(64, 0, true);
    view.setUint32(68, cpu, true);
    view.setUint32(72, 0, true);
    const result = bpfSyscall(Command.PROG_TEST_RUN, attributes.address, TEST_RUN_BYTES);
    if (result < 0) throw testRunError(this.title, result, data);
    return {
      returnValue: view.getUint32(4, true),
      data: out.bytes.slice(0, room ? view.getUint32(12, true) : 0),
      context:
        this.type === 'syscall' ? new Uint8Array() : outContext.bytes.slice(0, view.getUint32(44, true)),
      durationNs: view.getUint32(36, true),
    };
  }

  /**
   * Sends the packet through the network as if it had just come in at ctx's interface, repeat times (5.18+):
   * what the program returns is done. A return of XDP_TX leaves by that interface. Blocks until done.
   */
  sendFrames({
    data,
    ifindex,
    repeat,
    batchSize = 64,
  }: {
    data: Uint8Array;
    ifindex: number;
    repeat: number;
    batchSize?: number;
  }): void {
    const context = new DataView(new ArrayBuffer(24));
    context.setUint32(4, data.length, true);
    context.setUint32(12, ifindex, true);
    const { view } = attributes;
    attributes.bytes.fill(0, 0, TEST_RUN_BYTES);
    view.setUint32(0, this.fd, true);
    placeInput(view, data, new Uint8Array(context.buffer));
    view.setUint32(32, repeat, true);
    view.setUint32(64, BPF_F_TEST_XDP_LIVE_FRAMES, true);
    view.setUint32(72, batchSize, true);
    check(
      `sending frames with ${this.title}`,
      bpfSyscall(Command.PROG_TEST_RUN, attributes.address, TEST_RUN_BYTES),
    );
  }
}

function placeInput(view: DataView, data: Uint8Array | undefined, context: Uint8Array | undefined): void {
  const dataIn = input.atLeast(Math.max(data?.length ?? 0, 1));
  if (data) dataIn.bytes.set(data);
  view.setUint32(8, data?.length ?? 0, true);
  view.setBigUint64(16, data ? dataIn.address : 0n, true);
  const ctx = contextIn.atLeast(Math.max(context?.length ?? 0, 1));
  if (context) ctx.bytes.set(context);
  view.setUint32(40, context?.length ?? 0, true);
  view.setBigUint64(48, context ? ctx.address : 0n, true);
}

function testRunError(title: string, result: number, data: Uint8Array | undefined): BpfError {
  if (result === -errno.EINVAL) {
    const message = `test run of ${title}: EINVAL: a packet of ${data?.length ?? 0} bytes, or a context, that it cannot take`;
    return new BpfError('ERR_BAD_VALUE', message, { errno: errno.EINVAL });
  }
  return bpfError(`test run of ${title}`, result);
}

/** SEC("xdp") */
export class XdpProgram extends Program {
  /** 5.9+. Throws ERR_NO_INTERFACE, ERR_BUSY, ERR_NOT_SUPPORTED, ERR_PERMISSION. */
  attachXdp(nameOrIndex: string | number, { mode = 'auto' }: { mode?: XdpMode } = {}): Link {
    return attachXdp(this, nameOrIndex, mode);
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

/** SEC("syscall") (5.14+): run with testRun(). */
export class SyscallProgram extends Program {}

const CLASSES: Partial<Record<ProgramType, typeof Program>> = {
  xdp: XdpProgram,
  tc: TcProgram,
  tracepoint: TracepointProgram,
  raw_tracepoint: RawTracepointProgram,
  syscall: SyscallProgram,
};

/** The handle that fits the type; it owns fd from then on. */
export function createProgram(name: string, type: ProgramType, fd: number): Program {
  return new (CLASSES[type] ?? Program)(name, type, fd);
}
