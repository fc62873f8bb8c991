import { BpfError } from '../errors.js';
import { bpf, bpfError, Command, infoOf } from '../ffi/bpf.js';
import { errno } from '../ffi/libc.js';
import { Handle, owning } from '../handle.js';
import { kindOf, openPin, pinFd, unpin } from '../pin.js';
import type { Program } from '../program.js';
import { ClsactLink } from './clsact.js';

export type LinkKind =
  | 'xdp'
  | 'tcx'
  | 'clsact'
  | 'cgroup'
  | 'tracepoint'
  | 'raw_tracepoint'
  | 'kprobe'
  | 'tracing'
  | 'other';

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
  /** Replaces the program, without a gap. Throws ERR_NOT_SUPPORTED for tracepoints, whose links cannot. */
  update(program: Program): void;
  /** Lets it live on without us, under a name in bpffs. Throws ERR_EXISTS, ERR_NO_BPFFS. */
  pin(path: string): void;
  /** Takes that name away again. */
  unpin(): void;
  /**
   * Takes the program from its hook, also when somebody else holds the link; a tracepoint's goes with its last
   * handle. Removes the name that pin() gave, and closes.
   */
  detach(): void;
  /** Lets go: what is not pinned is detached. */
  close(): void;
}

const KINDS: Record<number, LinkKind> = {
  1: 'raw_tracepoint',
  2: 'tracing',
  3: 'cgroup',
  6: 'xdp',
  7: 'tracepoint',
  11: 'tcx',
};
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
    if (result === -errno.EINVAL && !HAS_INTERFACE.includes(this.kind)) {
      const message = `${this.title}: its program cannot be replaced: attach the new one, then close this`;
      throw new BpfError('ERR_NOT_SUPPORTED', message, { errno: errno.EINVAL });
    }
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
    const isFine = [0, -errno.ENOLINK, -errno.EOPNOTSUPP].includes(result);
    if (!isFine) throw bpfError(`detaching ${this.title}`, result);
    this.unpin();
    this.close();
  }
}

function linkInfo(title: string, fd: number): LinkInfo {
  const view = infoOf(title, fd, 64);
  const kind = KINDS[view.getUint32(0, true)] ?? 'other';
  const ifindex = HAS_INTERFACE.includes(kind) ? view.getUint32(16, true) : 0;
  return { kind, programId: view.getUint32(8, true), ifindex };
}

/** A link that somebody pinned: a bpf_link, or the record of a clsact filter. Throws ERR_NOT_FOUND, ERR_INCOMPATIBLE. */
export function openLink(path: string): Link {
  const fd = openPin(path, 'link', 'map');
  return owning(fd, () => {
    if (kindOf(fd) === 'map') return ClsactLink.fromRecord(fd, path);
    return new KernelLink(fd, linkInfo(path, fd).kind, path);
  });
}
