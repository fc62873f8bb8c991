import koffi from 'koffi';
import { bpfError } from './bpf.js';
import { libbpfLibrary } from './libbpf.js';
import { errno } from './libc.js';

/* TC filters through clsact: netlink, which libbpf speaks. */

/** What identifies a filter. handle and priority 0: the kernel chooses. */
export interface TcFilter {
  readonly ifindex: number;
  readonly direction: 'ingress' | 'egress';
  readonly handle: number;
  readonly priority: number;
}

interface Options {
  sz: number;
  prog_fd: number;
  flags: number;
  prog_id: number;
  handle: number;
  priority: number;
}

const ATTACH_POINT = { ingress: 1, egress: 2 } as const;
const BPF_TC_F_REPLACE = 1;
const HOOK_BYTES = 24;
const OPTIONS_BYTES = 32;

type Hook = { sz: number; ifindex: number; attach_point: number; parent: number };

interface Calls {
  hookCreate(hook: Hook): number;
  attach(hook: Hook, options: Options): number;
  detach(hook: Hook, options: Options): number;
  query(hook: Hook, options: Options): number;
}

let calls: Calls | undefined;

function tc(): Calls {
  calls ??= bind();
  return calls;
}

function bind(): Calls {
  const library = libbpfLibrary();
  koffi.struct('bpf_tc_hook', {
    sz: 'size_t',
    ifindex: 'int',
    attach_point: 'int',
    parent: 'uint32_t',
    pad: 'uint32_t',
  });
  koffi.struct('bpf_tc_opts', {
    sz: 'size_t',
    prog_fd: 'int',
    flags: 'uint32_t',
    prog_id: 'uint32_t',
    handle: 'uint32_t',
    priority: 'uint32_t',
    pad: 'uint32_t',
  });
  return {
    hookCreate: library.func('int bpf_tc_hook_create(bpf_tc_hook *hook)'),
    attach: library.func('int bpf_tc_attach(const bpf_tc_hook *hook, _Inout_ bpf_tc_opts *options)'),
    detach: library.func('int bpf_tc_detach(const bpf_tc_hook *hook, const bpf_tc_opts *options)'),
    query: library.func('int bpf_tc_query(const bpf_tc_hook *hook, _Inout_ bpf_tc_opts *options)'),
  };
}

function hookOf({ ifindex, direction }: Pick<TcFilter, 'ifindex' | 'direction'>) {
  return { sz: HOOK_BYTES, ifindex, attach_point: ATTACH_POINT[direction], parent: 0, pad: 0 };
}

function optionsOf({ handle, priority }: TcFilter) {
  return { sz: OPTIONS_BYTES, prog_fd: 0, flags: 0, prog_id: 0, handle, priority, pad: 0 };
}

/** Makes sure that the interface has a clsact qdisc. */
export function tcHookCreate(ifindex: number, direction: TcFilter['direction']): void {
  const result = tc().hookCreate(hookOf({ ifindex, direction }));
  if (result < 0 && result !== -errno.EEXIST)
    throw bpfError(`making the clsact qdisc of interface ${ifindex}`, result);
}

/** Adds the filter, or replaces its program in place. Returns it with the handle and priority that it got. */
export function tcAttach(filter: TcFilter, programFd: number, replace: boolean): TcFilter {
  const options = { ...optionsOf(filter), prog_fd: programFd, flags: replace ? BPF_TC_F_REPLACE : 0 };
  const result = tc().attach(hookOf(filter), options);
  if (result < 0) throw bpfError(`attach clsact ${filter.direction} to interface ${filter.ifindex}`, result);
  return { ...filter, handle: options.handle, priority: options.priority };
}

/** Removes the filter; it may be gone already, with its interface for instance. */
export function tcDetach(filter: TcFilter): void {
  const result = tc().detach(hookOf(filter), optionsOf(filter));
  const gone = [errno.ENOENT, errno.ENODEV, errno.EINVAL];
  if (result < 0 && !gone.some((code) => result === -code)) {
    throw bpfError(`detaching the clsact filter of interface ${filter.ifindex}`, result);
  }
}

/** The id of the filter's program; undefined: the filter is gone. */
export function tcProgramId(filter: TcFilter): number | undefined {
  const options = optionsOf(filter);
  const result = tc().query(hookOf(filter), options);
  return result < 0 ? undefined : options.prog_id;
}
