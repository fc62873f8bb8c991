import { readlinkSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { bpf, bpfError, Command, infoOf } from '../ffi/bpf.js';
import { Handle } from '../handle.js';
import { openPin, pinFd, unpin } from '../pin.js';
import type { Program } from '../program.js';
import { ClsactLink } from './clsact.js';

export type LinkKind = 'xdp' | 'tcx' | 'clsact' | 'tracepoint' | 'raw_tracepoint' | 'other';

export interface LinkInfo {
  readonly kind: LinkKind;
  /** Of the program. */
  readonly programId: number;
  /** Of the interface; 0 when it is gone, or there is none. */
  readonly ifindex: number;
}

/** A program at its hook. Closing it detaches, unless it is pinned. */
export interface Link extends Disposable {
  readonly kind: LinkKind;
  info(): LinkInfo;
  /** Replaces the program, without a gap. */
  update(program: Program): void;
  /** Lets it live on without us, under a name in bpffs. Throws ERR_EXISTS, ERR_NO_BPFFS. */
  pin(path: string): void;
  /** Takes that name away again. */
  unpin(): void;
  /** Takes the program from its hook now, whoever else holds the link. */
  detach(): void;
  /** Lets go: what is not pinned is detached. */
  close(): void;
}

const KINDS: Record<number, LinkKind> = { 1: 'raw_tracepoint', 6: 'xdp', 7: 'tracepoint', 11: 'tcx' };
const HAS_INTERFACE: readonly LinkKind[] = ['xdp', 'tcx'];

/** A bpf_link. */
export class KernelLink extends Handle implements Link {
  readonly kind: LinkKind;
  readonly title: string;
  #path: string | undefined;

  constructor(fd: number, kind: LinkKind, path?: string) {
    super(fd);
    this.kind = kind;
    this.title = `${kind} link`;
    this.#path = path;
  }

  info(): LinkInfo {
    return linkInfo(this.title, this.fd);
  }

  update(program: Program): void {
    const result = bpf(Command.LINK_UPDATE, 16, (view) => {
      view.setUint32(0, this.fd, true);
      view.setUint32(4, program.fd, true);
    });
    if (result < 0) throw bpfError(`replacing the program of ${this.title}`, result);
  }

  pin(path: string): void {
    pinFd(this.title, this.fd, path);
    this.#path = path;
  }

  unpin(): void {
    if (this.#path !== undefined) unpin(this.#path);
    this.#path = undefined;
  }

  detach(): void {
    const result = bpf(Command.LINK_DETACH, 16, (view) => view.setUint32(0, this.fd, true));
    const ENOLINK = 67;
    if (result < 0 && result !== -ENOLINK) throw bpfError(`detaching ${this.title}`, result);
    this.unpin();
    this.close();
  }
}

export function linkInfo(title: string, fd: number): LinkInfo {
  const view = infoOf(title, fd, 64);
  const kind = KINDS[view.getUint32(0, true)] ?? 'other';
  const ifindex = HAS_INTERFACE.includes(kind) ? view.getUint32(16, true) : 0;
  return { kind, programId: view.getUint32(8, true), ifindex };
}

/** A link that somebody pinned: a bpf_link, or the record of a clsact filter. Throws ERR_NOT_FOUND. */
export function openLink(path: string): Link {
  const fd = openPin(path);
  const what = readlinkSync(`/proc/self/fd/${fd}`);
  if (what === 'anon_inode:bpf-map') return ClsactLink.fromRecord(fd, path);
  if (/^anon_inode:bpf[-_]link$/.test(what)) return new KernelLink(fd, linkInfo(path, fd).kind, path);
  throw new BpfError('ERR_INCOMPATIBLE', `${path} is no link but ${what.replace('anon_inode:', '')}`);
}
