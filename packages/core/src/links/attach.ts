import { BpfError } from '../errors.js';
import { bpf, bpfError, Command, check, cString } from '../ffi/bpf.js';
import { errno } from '../ffi/libc.js';
import { interfaceIndex } from '../interface.js';
import type { Program } from '../program.js';
import { ClsactLink } from './clsact.js';
import { KernelLink, type Link } from './link.js';

/** 'auto' leaves it to the kernel: native where the driver has it, else generic. */
export type XdpMode = 'auto' | 'native' | 'generic' | 'offload';
export type TcDirection = 'ingress' | 'egress';

const BPF_XDP = 37;
const BPF_TCX = { ingress: 46, egress: 47 } as const;
const XDP_FLAGS: Record<XdpMode, number> = { auto: 0, generic: 2, native: 4, offload: 8 };

/** target: an interface, or a descriptor of what the type wants. Returns a descriptor, or -errno. */
export function createLink(program: Program, target: number, type: number, flags: number): number {
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
