import { BpfError } from './errors.js';
import { bpfError, Command, check, GrowingMemory, Memory } from './ffi/bpf.js';
import { bpfSyscall, errno } from './ffi/libc.js';
import type { Program } from './program.js';

export interface TestRunOptions {
  /** The packet. For XDP at least 14 bytes. */
  data?: Uint8Array;
  /** struct xdp_md, struct __sk_buff, or the context of a syscall or raw tracepoint program. */
  context?: Uint8Array;
  /** How often to run. Each run gets the packet as the one before left it. Default 1; tracing programs run once. */
  repeat?: number;
  /** Bytes of the packet to return at most. Default: what was given, and 256 more. */
  outputSize?: number;
  /** Run on this CPU: raw tracepoints only. */
  cpu?: number;
}

export interface TestRunResult {
  readonly returnValue: number;
  /** The packet afterwards: a copy. */
  readonly data: Uint8Array;
  /** The context afterwards: a copy. */
  readonly context: Uint8Array;
  /** Mean time of one run, by the kernel's measure; 0 where it does not measure. */
  readonly durationNs: number;
}

export interface SendFramesOptions {
  data: Uint8Array;
  /** Index of the interface that it seems to come in by. */
  ifindex: number;
  repeat: number;
  /** How many frames are sent in one go, 1 to 256. Default 64. */
  batchSize?: number;
}

const ATTRIBUTES_BYTES = 80;
const HEADROOM = 256;
const BPF_F_TEST_RUN_ON_CPU = 1;
const BPF_F_TEST_XDP_LIVE_FRAMES = 2;
const XDP_MD_BYTES = 24;

const attributes = new Memory(ATTRIBUTES_BYTES);
const dataIn = new GrowingMemory();
const dataOut = new GrowingMemory();
const contextIn = new GrowingMemory();
const contextOut = new GrowingMemory();

export function testRun(program: Program, options: TestRunOptions): TestRunResult {
  const { data, context, cpu } = options;
  const takesPackets = program.type !== 'syscall' && program.type !== 'raw_tracepoint';
  const { view } = begin(program, data, context);
  view.setUint32(32, takesPackets ? (options.repeat ?? 1) : (options.repeat ?? 0), true);
  if (cpu !== undefined) {
    view.setUint32(64, BPF_F_TEST_RUN_ON_CPU, true);
    view.setUint32(68, cpu, true);
  }
  const room = data ? (options.outputSize ?? data.length + HEADROOM) : 0;
  const output = place(12, 24, dataOut, room);
  const contextRoom = takesPackets ? (context?.length ?? 0) : 0;
  const outputContext = place(44, 56, contextOut, contextRoom);
  const result = bpfSyscall(Command.PROG_TEST_RUN, attributes.address, ATTRIBUTES_BYTES);
  /* ENOSPC: the packet is larger than the room for it. All else is as usual. */
  if (result < 0 && result !== -errno.ENOSPC) throw testRunError(program.title, result, options);
  return {
    returnValue: view.getUint32(4, true),
    data: output.slice(0, Math.min(room, view.getUint32(12, true))),
    context: takesPackets
      ? outputContext.slice(0, view.getUint32(44, true))
      : contextIn.atLeast(1).bytes.slice(0, context?.length ?? 0),
    durationNs: view.getUint32(36, true),
  };
}

export function sendFrames(program: Program, options: SendFramesOptions): void {
  const { data, ifindex, repeat, batchSize = 64 } = options;
  const context = new DataView(new ArrayBuffer(XDP_MD_BYTES));
  context.setUint32(4, data.length, true);
  context.setUint32(12, ifindex, true);
  const { view } = begin(program, data, new Uint8Array(context.buffer));
  view.setUint32(32, repeat, true);
  view.setUint32(64, BPF_F_TEST_XDP_LIVE_FRAMES, true);
  view.setUint32(72, batchSize, true);
  const result = bpfSyscall(Command.PROG_TEST_RUN, attributes.address, ATTRIBUTES_BYTES);
  check(`sending frames with ${program.title}`, result);
}

/** Attributes from zeros, with the program and what it gets. */
function begin(program: Program, data: Uint8Array | undefined, context: Uint8Array | undefined): Memory {
  attributes.bytes.fill(0, 0, ATTRIBUTES_BYTES);
  attributes.view.setUint32(0, program.fd, true);
  if (data) place(8, 16, dataIn, data.length).set(data);
  if (context) place(40, 48, contextIn, context.length).set(context);
  return attributes;
}

/** Memory of so many bytes, its size and address written to those fields. */
function place(sizeField: number, addressField: number, growing: GrowingMemory, bytes: number): Uint8Array {
  const memory = growing.atLeast(Math.max(bytes, 1));
  attributes.view.setUint32(sizeField, bytes, true);
  attributes.view.setBigUint64(addressField, bytes > 0 ? memory.address : 0n, true);
  return memory.bytes;
}

function testRunError(title: string, result: number, { data, context }: TestRunOptions): BpfError {
  if (result !== -errno.EINVAL) return bpfError(`test run of ${title}`, result);
  const given = `a packet of ${data?.length ?? 0} bytes and a context of ${context?.length ?? 0}`;
  const message = `test run of ${title}: EINVAL: it does not take ${given}, or one of the options`;
  return new BpfError('ERR_BAD_VALUE', message, { errno: errno.EINVAL });
}
