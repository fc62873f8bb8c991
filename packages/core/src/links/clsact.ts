import { closeSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { bpf, Command, check, Memory } from '../ffi/bpf.js';
import { type TcFilter, tcAttach, tcDetach, tcProgramId } from '../ffi/tc.js';
import { owning } from '../handle.js';
import { networkNamespace } from '../interface.js';
import { mapInfo } from '../maps/map.js';
import { pinFd, unpin } from '../pin.js';
import type { Program } from '../program.js';
import type { TcDirection } from './attach.js';
import type { Link, LinkInfo } from './link.js';

/*
 * Before 6.6 TC has no links: a filter stays when its process dies. What is needed to find it again, handle and
 * priority, is kept in a pinned map of one element, so that a later process can replace the filter in place, or
 * remove it. Interfaces are known by their index, so a filter is handled from its network namespace only: elsewhere
 * the index is another interface.
 */

/** ifindex, direction, handle, priority, and the inode of the network namespace. */
const RECORD_BYTES = 24;
const BPF_MAP_TYPE_ARRAY = 2;

export class ClsactLink implements Link {
  readonly kind = 'clsact';
  readonly #filter: TcFilter;
  readonly #namespace: number;
  #path: string | undefined;
  #closed = false;

  private constructor(filter: TcFilter, namespace: number, path?: string) {
    this.#filter = filter;
    this.#namespace = namespace;
    this.#path = path;
  }

  static attach(program: Program, ifindex: number, direction: TcDirection): ClsactLink {
    const filter = tcAttach({ ifindex, direction, handle: 0, priority: 0 }, program.fd, false);
    return new ClsactLink(filter, networkNamespace());
  }

  /** From the map that pin() left. Owns fd. Throws ERR_INCOMPATIBLE for another map. */
  static fromRecord(fd: number, path: string): ClsactLink {
    const { valueSize } = mapInfo(path, fd);
    if (valueSize !== RECORD_BYTES) {
      throw new BpfError('ERR_INCOMPATIBLE', `${path} is a map, and no record of a clsact filter`);
    }
    const { filter, namespace } = readRecord(fd);
    closeSync(fd);
    return new ClsactLink(filter, namespace, path);
  }

  info(): LinkInfo {
    this.#check();
    const { ifindex } = this.#filter;
    const programId = tcProgramId(this.#filter);
    return { kind: this.kind, programId: programId ?? 0, ifindex: programId === undefined ? 0 : ifindex };
  }

  update(program: Program): void {
    this.#check();
    tcAttach(this.#filter, program.fd, true);
  }

  pin(path: string): void {
    this.#check();
    const fd = createRecord(this.#filter, this.#namespace);
    try {
      pinFd('record of a clsact filter', fd, path);
    } finally {
      closeSync(fd);
    }
    this.#path = path;
  }

  unpin(): void {
    if (this.#path !== undefined) unpin(this.#path);
    this.#path = undefined;
  }

  detach(): void {
    this.#check();
    tcDetach(this.#filter);
    this.unpin();
    this.#closed = true;
  }

  /** A filter that is not pinned goes, as a link would. */
  close(): void {
    if (this.#closed) return;
    if (this.#path === undefined) this.detach();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw new BpfError('ERR_CLOSED', 'clsact link is closed');
    if (networkNamespace() === this.#namespace) return;
    const message = `the clsact filter of interface ${this.#filter.ifindex} is in another network namespace`;
    throw new BpfError('ERR_NO_INTERFACE', `${message}: enter it first`);
  }
}

const element = new Memory(8 + RECORD_BYTES);

function elementCall(command: number, fd: number): number {
  element.view.setUint32(0, 0, true);
  return bpf(command, 32, (view) => {
    view.setUint32(0, fd, true);
    view.setBigUint64(8, element.address, true);
    view.setBigUint64(16, element.address + 8n, true);
  });
}

function createRecord(filter: TcFilter, namespace: number): number {
  const fd = bpf(Command.MAP_CREATE, 72, (view) => {
    view.setUint32(0, BPF_MAP_TYPE_ARRAY, true);
    view.setUint32(4, 4, true);
    view.setUint32(8, RECORD_BYTES, true);
    view.setUint32(12, 1, true);
  });
  check('making the record of a clsact filter', fd);
  const { view } = element;
  view.setUint32(8, filter.ifindex, true);
  view.setUint32(12, filter.direction === 'ingress' ? 0 : 1, true);
  view.setUint32(16, filter.handle, true);
  view.setUint32(20, filter.priority, true);
  view.setBigUint64(24, BigInt(namespace), true);
  return owning(fd, () => {
    check('writing the record of a clsact filter', elementCall(Command.MAP_UPDATE_ELEM, fd));
    return fd;
  });
}

function readRecord(fd: number): { filter: TcFilter; namespace: number } {
  check('reading the record of a clsact filter', elementCall(Command.MAP_LOOKUP_ELEM, fd));
  const { view } = element;
  const filter: TcFilter = {
    ifindex: view.getUint32(8, true),
    direction: view.getUint32(12, true) === 0 ? 'ingress' : 'egress',
    handle: view.getUint32(16, true),
    priority: view.getUint32(20, true),
  };
  return { filter, namespace: Number(view.getBigUint64(24, true)) };
}
