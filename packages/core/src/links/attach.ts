import { closeSync, existsSync, readFileSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { bpf, bpfError, Command, check, cString } from '../ffi/bpf.js';
import { errno, ioctl, perfEventOpen } from '../ffi/libc.js';
import { owning } from '../handle.js';
import { interfaceIndex } from '../interface.js';
import type { Program } from '../program.js';
import { ClsactLink } from './clsact.js';
import { KernelLink, type Link } from './link.js';

/** 'auto' leaves it to the kernel: native where the driver has it, else generic. */
export type XdpMode = 'auto' | 'native' | 'generic' | 'offload';
export type TcDirection = 'ingress' | 'egress';

const BPF_XDP = 37;
const BPF_PERF_EVENT = 41;
const BPF_TCX = { ingress: 46, egress: 47 } as const;
const XDP_FLAGS: Record<XdpMode, number> = { auto: 0, generic: 2, native: 4, offload: 8 };

function createLink(program: Program, target: number, type: number, flags: number): number {
  return bpf(Command.LINK_CREATE, 64, (view) => {
    view.setUint32(0, program.fd, true);
    view.setUint32(4, target, true);
    view.setUint32(8, type, true);
    view.setUint32(12, flags, true);
  });
}

/** 5.9+. Throws ERR_NO_INTERFACE, ERR_BUSY when the interface has an XDP program. */
export function attachXdp(program: Program, nameOrIndex: string | number, mode: XdpMode): Link {
  const ifindex = interfaceIndex(nameOrIndex);
  const result = createLink(program, ifindex, BPF_XDP, XDP_FLAGS[mode]);
  if (result === -errno.EBUSY || result === -errno.EEXIST) {
    const message = `attach xdp: interface ${nameOrIndex} has another XDP program: see ip link show ${nameOrIndex}`;
    throw new BpfError('ERR_BUSY', message, { errno: -result });
  }
  if (result === -errno.EOPNOTSUPP) {
    const message = `attach xdp: interface ${nameOrIndex} has no ${mode} mode: try generic`;
    throw new BpfError('ERR_NOT_SUPPORTED', message, { errno: -result });
  }
  check(`attach xdp to ${nameOrIndex}`, result);
  return new KernelLink(result, 'xdp');
}

/** A TCX link on 6.6+, else a clsact filter. */
export function attachTc(
  program: Program,
  nameOrIndex: string | number,
  direction: TcDirection,
  force?: 'clsact',
): Link {
  const ifindex = interfaceIndex(nameOrIndex);
  if (force !== 'clsact') {
    const result = createLink(program, ifindex, BPF_TCX[direction], 0);
    if (result >= 0) return new KernelLink(result, 'tcx');
    /* Before 6.6 the kernel does not know the attach type. */
    if (result !== -errno.EINVAL) throw bpfError(`attach tc ${direction} to ${nameOrIndex}`, result);
  }
  return ClsactLink.attach(program, ifindex, direction);
}

/** 4.17+. */
export function attachRawTracepoint(program: Program, name: string): Link {
  const pathname = cString(name);
  const result = bpf(Command.RAW_TRACEPOINT_OPEN, 16, (view) => {
    view.setBigUint64(0, pathname, true);
    view.setUint32(8, program.fd, true);
  });
  if (result === -errno.ENOENT) throw new BpfError('ERR_NOT_FOUND', `attach: no raw tracepoint "${name}"`);
  check(`attach to raw tracepoint ${name}`, result);
  return new KernelLink(result, 'raw_tracepoint');
}

/** 5.5+: to what the program was loaded for. */
export function attachTracing(program: Program): Link {
  const result = bpf(Command.RAW_TRACEPOINT_OPEN, 16, (view) => view.setUint32(8, program.fd, true));
  return new KernelLink(check(`attach ${program.title}`, result), 'tracing');
}

const TRACEFS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const PERF_TYPE_TRACEPOINT = 2;
const PERF_ATTRIBUTES_BYTES = 128;
const PERF_EVENT_IOC_ENABLE = 0x2400;

/** 5.15+. Throws ERR_NOT_FOUND, also when tracefs is not mounted. */
export function attachTracepoint(program: Program, category: string, name: string): Link {
  const title = `tracepoint ${category}/${name}`;
  const event = check(`opening ${title}`, openTracepoint(tracepointId(category, name)));
  try {
    const fd = check(`attach to ${title}`, createLink(program, event, BPF_PERF_EVENT, 0));
    return owning(fd, () => {
      check(`enabling ${title}`, ioctl(event, PERF_EVENT_IOC_ENABLE, 0));
      return new KernelLink(fd, 'tracepoint');
    });
  } finally {
    closeSync(event);
  }
}

/** A program at a tracepoint runs on all CPUs, whichever one the event is opened on. */
function openTracepoint(id: number): number {
  const attributes = new DataView(new ArrayBuffer(PERF_ATTRIBUTES_BYTES));
  attributes.setUint32(0, PERF_TYPE_TRACEPOINT, true);
  attributes.setUint32(4, PERF_ATTRIBUTES_BYTES, true);
  attributes.setBigUint64(8, BigInt(id), true);
  attributes.setBigUint64(16, 1n, true);
  return perfEventOpen(new Uint8Array(attributes.buffer), -1, 0);
}

function tracepointId(category: string, name: string): number {
  const root = TRACEFS.find((path) => existsSync(`${path}/events`));
  if (!root) {
    const message = 'tracefs is not mounted, or not readable: mount -t tracefs tracefs /sys/kernel/tracing';
    throw new BpfError('ERR_NOT_FOUND', message);
  }
  const path = `${root}/events/${category}/${name}/id`;
  if (!existsSync(path)) throw new BpfError('ERR_NOT_FOUND', `attach: no tracepoint ${category}/${name}`);
  return Number(readFileSync(path, 'latin1'));
}
