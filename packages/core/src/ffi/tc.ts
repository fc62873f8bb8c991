import { bpfError, check, Memory } from './bpf.js';
import { libbpf, libbpfLibrary } from './libbpf.js';
import { errno } from './libc.js';

/* TC filters through clsact: netlink, which libbpf speaks. */

/** What identifies a filter. handle and priority 0: the kernel chooses. */
export interface TcFilter {
  readonly ifindex: number;
  readonly direction: 'ingress' | 'egress';
  readonly handle: number;
  readonly priority: number;
}

const ATTACH_POINT = { ingress: 1, egress: 2 } as const;
const BPF_TC_F_REPLACE = 1;

/** struct bpf_tc_hook */
const hook = new Memory(24);
/** struct bpf_tc_opts: prog_fd, flags, prog_id, handle, priority after its size */
const options = new Memory(32);
const OPTION = { programFd: 8, flags: 12, programId: 16, handle: 20, priority: 24 } as const;

interface Calls {
  hookCreate(hook: bigint): number;
  attach(hook: bigint, options: bigint): number;
  detach(hook: bigint, options: bigint): number;
  query(hook: bigint, options: bigint): number;
}

let calls: Calls | undefined;

function tc(): Calls {
  calls ??= bind();
  return calls;
}

function bind(): Calls {
  libbpf();
  const library = libbpfLibrary();
  return {
    hookCreate: library.func('int bpf_tc_hook_create(void *hook)'),
    attach: library.func('int bpf_tc_attach(const void *hook, void *options)'),
    detach: library.func('int bpf_tc_detach(const void *hook, const void *options)'),
    query: library.func('int bpf_tc_query(const void *hook, void *options)'),
  };
}

function place({ ifindex, direction, handle, priority }: TcFilter): void {
  hook.bytes.fill(0);
  hook.view.setBigUint64(0, BigInt(hook.bytes.length), true);
  hook.view.setUint32(8, ifindex, true);
  hook.view.setUint32(12, ATTACH_POINT[direction], true);
  options.bytes.fill(0);
  options.view.setBigUint64(0, BigInt(options.bytes.length), true);
  options.view.setUint32(OPTION.handle, handle, true);
  options.view.setUint32(OPTION.priority, priority, true);
}

/**
 * Adds the filter, and the clsact qdisc where there is none, or replaces its program in place. Returns it with the
 * handle and priority that it got.
 */
export function tcAttach(filter: TcFilter, programFd: number, replace: boolean): TcFilter {
  place(filter);
  const made = tc().hookCreate(hook.address);
  if (made !== -errno.EEXIST) check(`making the clsact qdisc of interface ${filter.ifindex}`, made);
  options.view.setInt32(OPTION.programFd, programFd, true);
  options.view.setUint32(OPTION.flags, replace ? BPF_TC_F_REPLACE : 0, true);
  const what = `attach clsact ${filter.direction} to interface ${filter.ifindex}`;
  check(what, tc().attach(hook.address, options.address));
  const { view } = options;
  return {
    ...filter,
    handle: view.getUint32(OPTION.handle, true),
    priority: view.getUint32(OPTION.priority, true),
  };
}

/** Removes the filter; it may be gone already, with its interface for instance. */
export function tcDetach(filter: TcFilter): void {
  place(filter);
  const result = tc().detach(hook.address, options.address);
  const isGone = [errno.ENOENT, errno.ENODEV, errno.EINVAL].some((code) => result === -code);
  if (result < 0 && !isGone)
    throw bpfError(`detaching the clsact filter of interface ${filter.ifindex}`, result);
}

/** The id of the filter's program; undefined: the filter is gone. */
export function tcProgramId(filter: TcFilter): number | undefined {
  place(filter);
  const result = tc().query(hook.address, options.address);
  return result < 0 ? undefined : options.view.getUint32(OPTION.programId, true);
}
