import { closeSync, existsSync, readFileSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { check, cString } from '../ffi/bpf.js';
import { errno, ioctl, perfEventOpen } from '../ffi/libc.js';
import { owning } from '../handle.js';
import type { Program } from '../program.js';
import { createLink } from './attach.js';
import { KernelLink, type Link, type LinkKind } from './link.js';

/* Hooks that are perf events: tracepoints and kprobes, by links since 5.15. */

const TRACEFS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const KPROBE = '/sys/bus/event_source/devices/kprobe';
const BPF_PERF_EVENT = 41;
const PERF_TYPE_TRACEPOINT = 2;
const PERF_ATTRIBUTES_BYTES = 128;
const PERF_EVENT_IOC_ENABLE = 0x2400;

/** 5.15+. Throws ERR_NOT_FOUND, also when tracefs is not mounted. */
export function attachTracepoint(program: Program, category: string, name: string): Link {
  const title = `tracepoint ${category}/${name}`;
  const event = openEvent(PERF_TYPE_TRACEPOINT, (attributes) => {
    attributes.setBigUint64(8, BigInt(tracepointId(category, name)), true);
    attributes.setBigUint64(16, 1n, true);
  });
  return attach(program, check(`opening ${title}`, event), 'tracepoint', title);
}

export interface KprobeOptions {
  /** In bytes, into the function. */
  readonly offset?: number;
  /** true: when the function returns. */
  readonly onReturn?: boolean;
}

/** 5.15+. Throws ERR_NOT_FOUND for what is no function that can be probed, ERR_NOT_SUPPORTED without kprobes. */
export function attachKprobe(
  program: Program,
  name: string,
  { offset = 0, onReturn = false }: KprobeOptions,
): Link {
  const title = `kprobe ${name}${offset ? `+${offset}` : ''}`;
  if (!existsSync(KPROBE)) {
    throw new BpfError(
      'ERR_NOT_SUPPORTED',
      `attach to ${title}: this kernel has no kprobes (CONFIG_KPROBES)`,
    );
  }
  const event = openEvent(Number(readFileSync(`${KPROBE}/type`, 'latin1')), (attributes) => {
    attributes.setBigUint64(8, onReturn ? 1n : 0n, true);
    attributes.setBigUint64(56, cString(name), true);
    attributes.setBigUint64(64, BigInt(offset), true);
  });
  if (event === -errno.ENOENT || event === -errno.EINVAL) {
    throw new BpfError(
      'ERR_NOT_FOUND',
      `attach to ${title}: the kernel cannot probe that: see /proc/kallsyms`,
    );
  }
  return attach(program, check(`opening ${title}`, event), 'kprobe', title);
}

/** A program at an event of the kernel's runs on all CPUs, whichever one the event is opened on. */
function openEvent(type: number, write: (attributes: DataView) => void): number {
  const attributes = new DataView(new ArrayBuffer(PERF_ATTRIBUTES_BYTES));
  attributes.setUint32(0, type, true);
  attributes.setUint32(4, PERF_ATTRIBUTES_BYTES, true);
  write(attributes);
  return perfEventOpen(new Uint8Array(attributes.buffer), -1, 0);
}

/** Owns event. */
function attach(program: Program, event: number, kind: LinkKind, title: string): Link {
  try {
    const fd = check(`attach to ${title}`, createLink(program, event, BPF_PERF_EVENT, 0));
    return owning(fd, () => {
      check(`enabling ${title}`, ioctl(event, PERF_EVENT_IOC_ENABLE, 0));
      return new KernelLink(fd, kind);
    });
  } finally {
    closeSync(event);
  }
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
