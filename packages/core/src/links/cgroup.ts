import { closeSync, constants, openSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { check } from '../ffi/bpf.js';
import type { Program } from '../program.js';
import { createLink } from './attach.js';
import { KernelLink, type Link } from './link.js';

/** By number in enum bpf_attach_type. */
const HOOKS = {
  ingress: 0,
  egress: 1,
  sock_create: 2,
  sock_ops: 3,
  device: 6,
  bind4: 8,
  bind6: 9,
  connect4: 10,
  connect6: 11,
  post_bind4: 12,
  post_bind6: 13,
  sendmsg4: 14,
  sendmsg6: 15,
  sysctl: 18,
  recvmsg4: 19,
  recvmsg6: 20,
  getsockopt: 21,
  setsockopt: 22,
} as const;

/** As in the program's section: SEC("cgroup_skb/egress") and SEC("cgroup/connect4") are egress and connect4. */
export type CgroupHook = keyof typeof HOOKS;

/** 5.7+, in cgroup v2. Throws ERR_NOT_FOUND where no cgroup is, ERR_SYSCALL (EINVAL) for another hook's program. */
export function attachCgroup(program: Program, path: string, hook: CgroupHook): Link {
  const cgroup = openCgroup(path);
  try {
    return new KernelLink(
      check(`attach ${hook} to ${path}`, createLink(program, cgroup, HOOKS[hook], 0)),
      'cgroup',
    );
  } finally {
    closeSync(cgroup);
  }
}

function openCgroup(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new BpfError('ERR_NOT_FOUND', `attach: no cgroup ${path}: ${(cause as Error).message}`, { cause });
  }
}
