import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import {
  BpfError,
  type BpfMap,
  interfaceIndex,
  type Link,
  openLink,
  type TcDirection,
  type TcProgram,
  tryLock,
} from '@cryptbpf/core';

/** Names of links; beside them is that of the counters. */
const LINK = /^(in|e)gress-\d+$/;

/** Where the links of a tunnel have names, so that they outlive its controller. */
export interface Pins {
  /** In bpffs; of this tunnel alone. */
  readonly directory: string;
  /** false: only those that would stay anyhow, so that the next controller finds them. Before Linux 6.6 all do. */
  readonly all: boolean;
}

/**
 * The programs at their interfaces. Those that an earlier controller left are replaced in their places: there is no
 * moment without one.
 */
export class Hooks {
  readonly #pins: Pins | undefined;
  readonly #links = new Map<string, Link>();
  /** Those that were not there before. */
  readonly #made = new Set<Link>();
  #lock: number | undefined;

  /** Throws ERR_BUSY while there is another controller. */
  constructor(pins?: Pins) {
    this.#pins = pins;
    if (pins && existsSync(pins.directory)) this.#lock = lock(pins.directory);
  }

  attach(program: TcProgram, interfaceName: string, direction: TcDirection): void {
    const name = `${direction}-${interfaceIndex(interfaceName)}`;
    const link = this.#left(name);
    if (link) link.update(program);
    this.#links.set(name, link ?? this.#make(program, interfaceName, direction, name));
  }

  /** Gives the counters a name, by which whoever may read bpffs finds them, in the place of those before. */
  keep(counters: BpfMap): void {
    if (!this.#pins) return;
    const path = `${this.#pins.directory}/${counters.name}`;
    rmSync(path, { force: true });
    if (this.#pins.all) counters.pin(path);
  }

  /** Whether an interface has a program of ours. */
  isAt(interfaceName: string, direction: TcDirection): boolean {
    return this.#links.get(`${direction}-${interfaceIndex(interfaceName)}`) !== undefined;
  }

  /** Interfaces that went have taken their links with them. */
  forgetGone(): void {
    for (const [name, link] of this.#links) {
      if (link.info().ifindex !== 0) continue;
      link.unpin();
      link.close();
      this.#links.delete(name);
    }
  }

  /** Those that an earlier controller left where this one has none. */
  detachOthers(): void {
    for (const name of this.#names()) if (!this.#links.has(name)) this.#left(name)?.detach();
  }

  /** After a failure: what was there before stays, with whatever programs it has now. */
  undo(): void {
    for (const [name, link] of this.#links) {
      if (!this.#made.has(link)) continue;
      link.detach();
      this.#links.delete(name);
    }
    this.close();
  }

  /** All of them, also what is pinned. */
  detach(): void {
    for (const link of this.#links.values()) link.detach();
    this.#links.clear();
    this.detachOthers();
    if (this.#pins && existsSync(this.#pins.directory)) rmSync(this.#pins.directory, { recursive: true });
    this.close();
  }

  /** Lets go: what is pinned stays. */
  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    if (this.#lock !== undefined) closeSync(this.#lock);
    this.#lock = undefined;
  }

  #names(): string[] {
    if (!this.#pins || !existsSync(this.#pins.directory)) return [];
    return readdirSync(this.#pins.directory).filter((name) => LINK.test(name));
  }

  /** The link of that name, if it still is where it was. */
  #left(name: string): Link | undefined {
    if (!this.#names().includes(name)) return undefined;
    const link = openLink(`${this.#pins!.directory}/${name}`);
    if (link.info().ifindex !== 0) return link;
    link.unpin();
    link.close();
    return undefined;
  }

  #make(program: TcProgram, interfaceName: string, direction: TcDirection, name: string): Link {
    const link = program.attachTc(interfaceName, direction);
    this.#made.add(link);
    if (!this.#pins || !(this.#pins.all || link.kind === 'clsact')) return link;
    try {
      link.pin(`${this.#pins.directory}/${name}`);
      this.#lock ??= lock(this.#pins.directory);
    } catch (error) {
      if (this.#pins.all || (error as BpfError).code !== 'ERR_NO_BPFFS') {
        link.detach();
        throw error;
      }
    }
    return link;
  }
}

/** A descriptor that keeps other controllers out for as long as it is open. */
function lock(directory: string): number {
  const fd = openSync(directory, 'r');
  if (tryLock(fd)) return fd;
  closeSync(fd);
  throw new BpfError('ERR_BUSY', `${directory} is another controller's, which runs: see fuser ${directory}`);
}
