import { closeSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { bpf, Command, check, Memory } from '../ffi/bpf.js';
import { type TcFilter, tcAttach, tcDetach, tcProgramId } from '../ffi/tc.js';
import { owning } from '../handle.js';
import { networkNamespace } from '../interface.js';
import { mapInfo } from '../maps/map.js';
import { openPin, pinFd, unpin } from '../pin.js';
import type { Program } from '../program.js';
import type { TcDirection } from './attach.js';
import type { Link, LinkInfo } from './link.js';

/*
 * Before 6.6 TC has no links: a filter stays when its process dies. What is needed to find it again, handle and
 * priority, is kept in a pinned map of one element, so that a later process can replace the filter in place, or
 * remove it. A handle can be given out again, so the ids of our programs are kept as well: a filter with another
 * program is a stranger's. Interfaces are known by their index, so a filter is handled from its network namespace
 * only: elsewhere the index is another interface.
 */

/** ifindex, direction, handle, priority, the inode of the network namespace, and two ids of programs. */
const RECORD_BYTES = 32;
const BPF_MAP_TYPE_ARRAY = 2;

export class ClsactLink implements Link {
  readonly kind = 'clsact';
  readonly #filter: TcFilter;
  readonly #namespace: number;
  /** The program that is there, and the one that was to take its place when a process died. */
  #programs: Programs;
  #path: string | undefined;
  #closed = false;

  private constructor({ filter, namespace, programs }: ClsactRecord, path?: string) {
    this.#filter = filter;
    this.#namespace = namespace;
    this.#programs = programs;
    this.#path = path;
  }

  static attach(program: Program, ifindex: number, direction: TcDirection): ClsactLink {
    const filter = tcAttach({ ifindex, direction, handle: 0, priority: 0 }, program.fd, false);
    return new ClsactLink({ filter, namespace: networkNamespace(), programs: [program.info().id, 0] });
  }

  /** From the map that pin() left. Owns fd. Throws ERR_INCOMPATIBLE for another map. */
  static fromRecord(fd: number, path: string): ClsactLink {
    const { valueSize } = mapInfo(path, fd);
    if (valueSize !== RECORD_BYTES) {
      throw new BpfError('ERR_INCOMPATIBLE', `${path} is a map, and no record of a clsact filter`);
    }
    const record = readRecord(fd);
    closeSync(fd);
    return new ClsactLink(record, path);
  }

  info(): LinkInfo {
    this.#check();
    const programId = this.#programId();
    return { kind: this.kind, programId, ifindex: programId === 0 ? 0 : this.#filter.ifindex };
  }

  /** Throws ERR_NOT_FOUND when the filter is gone, or was replaced by a stranger's. */
  update(program: Program): void {
    this.#check();
    const current = this.#programId();
    if (current === 0)
      throw new BpfError('ERR_NOT_FOUND', `the clsact filter of ${this.#where} is not there any more`);
    const { id } = program.info();
    this.#note([current, id]);
    tcAttach(this.#filter, program.fd, true);
    this.#note([id, 0]);
  }

  pin(path: string): void {
    this.#check();
    const fd = createRecord(this.#record);
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
    if (this.#programId() !== 0) tcDetach(this.#filter);
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

  get #record(): ClsactRecord {
    return { filter: this.#filter, namespace: this.#namespace, programs: this.#programs };
  }

  get #where(): string {
    return `interface ${this.#filter.ifindex}`;
  }

  /** 0: no filter of ours. */
  #programId(): number {
    const id = tcProgramId(this.#filter) ?? 0;
    return this.#programs.includes(id) ? id : 0;
  }

  #note(programs: Programs): void {
    this.#programs = programs;
    if (this.#path === undefined) return;
    const fd = openPin(this.#path, 'map');
    try {
      writeRecord(fd, this.#record);
    } finally {
      closeSync(fd);
    }
  }

  #check(): void {
    if (this.#closed) throw new BpfError('ERR_CLOSED', 'clsact link is closed');
    if (networkNamespace() === this.#namespace) return;
    const message = `the clsact filter of ${this.#where} is in another network namespace`;
    throw new BpfError('ERR_NO_INTERFACE', `${message}: enter it first`);
  }
}

type Programs = [number, number];

interface ClsactRecord {
  readonly filter: TcFilter;
  readonly namespace: number;
  readonly programs: Programs;
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

function createRecord(record: ClsactRecord): number {
  const fd = bpf(Command.MAP_CREATE, 72, (view) => {
    view.setUint32(0, BPF_MAP_TYPE_ARRAY, true);
    view.setUint32(4, 4, true);
    view.setUint32(8, RECORD_BYTES, true);
    view.setUint32(12, 1, true);
  });
  check('making the record of a clsact filter', fd);
  return owning(fd, () => {
    writeRecord(fd, record);
    return fd;
  });
}

function writeRecord(fd: number, { filter, namespace, programs }: ClsactRecord): void {
  const { view } = element;
  view.setUint32(8, filter.ifindex, true);
  view.setUint32(12, filter.direction === 'ingress' ? 0 : 1, true);
  view.setUint32(16, filter.handle, true);
  view.setUint32(20, filter.priority, true);
  view.setBigUint64(24, BigInt(namespace), true);
  view.setUint32(32, programs[0], true);
  view.setUint32(36, programs[1], true);
  check('writing the record of a clsact filter', elementCall(Command.MAP_UPDATE_ELEM, fd));
}

function readRecord(fd: number): ClsactRecord {
  check('reading the record of a clsact filter', elementCall(Command.MAP_LOOKUP_ELEM, fd));
  const { view } = element;
  const filter: TcFilter = {
    ifindex: view.getUint32(8, true),
    direction: view.getUint32(12, true) === 0 ? 'ingress' : 'egress',
    handle: view.getUint32(16, true),
    priority: view.getUint32(20, true),
  };
  const programs: Programs = [view.getUint32(32, true), view.getUint32(36, true)];
  return { filter, namespace: Number(view.getBigUint64(24, true)), programs };
}
