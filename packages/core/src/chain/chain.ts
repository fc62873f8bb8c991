import { existsSync } from 'node:fs';
import { BpfError } from '../errors.js';
import { interfaceIndex, networkNamespace } from '../interface.js';
import type { XdpMode } from '../links/attach.js';
import { type Link, openLink } from '../links/link.js';
import { openMap } from '../maps/create.js';
import type { BpfMap } from '../maps/map.js';
import { BPFFS, removePins, withLock } from '../pin.js';
import type { XdpProgram } from '../program.js';
import { type DispatcherObject, openDispatcher } from './dispatcher.gen.js';

/** Where chains and gates are pinned unless told otherwise. */
export const DEFAULT_PIN_PATH = `${BPFFS}/cryptbpf`;

export interface ChainOptions {
  /** A directory in bpffs. Default /sys/fs/bpf/cryptbpf. */
  pinPath?: string;
  mode?: XdpMode;
}

const MAPS = ['chain', 'chain_expected', 'stats'] as const;
type ChainMaps = Pick<DispatcherObject['maps'], (typeof MAPS)[number]>;

/**
 * The XDP programs of an interface, one after another: slot numbers are those of bpf/lib/chain.h. Everything is
 * pinned, so the chain outlives its makers; programs are added, replaced and removed while packets flow, by any
 * number of processes. A slot that is expected and empty drops. Minimum kernel 5.9.
 */
export class XdpChain implements Disposable {
  readonly ifindex: number;
  readonly #pinPath: string;
  readonly #directory: string;
  /** To be reused by the objects whose programs go into the chain. */
  readonly maps: ChainMaps;

  private constructor(ifindex: number, pinPath: string, directory: string, maps: ChainMaps) {
    this.ifindex = ifindex;
    this.#pinPath = pinPath;
    this.#directory = directory;
    this.maps = maps;
  }

  /** The chain of an interface, made if there is none. Throws ERR_NO_INTERFACE, ERR_BUSY, ERR_NO_BPFFS. */
  static open(
    nameOrIndex: string | number,
    { pinPath = DEFAULT_PIN_PATH, mode }: ChainOptions = {},
  ): XdpChain {
    const ifindex = interfaceIndex(nameOrIndex);
    return withLock(pinPath, () => {
      const directory = directoryOf(ifindex, pinPath);
      if (!isAlive(directory)) create(nameOrIndex, directory, mode);
      return XdpChain.#at(ifindex, pinPath, directory);
    });
  }

  /**
   * A chain in the place of the one XDP program that is attached by link, which is the chain's from then on: fill puts
   * programs into it before it takes over, from one packet to the next.
   */
  static replace(link: Link, fill: (chain: XdpChain) => void, pinPath: string): XdpChain {
    const { ifindex } = link.info();
    return withLock(pinPath, () => {
      const directory = directoryOf(ifindex, pinPath);
      removePins(directory);
      using object = openDispatcher(dispatcherUrl()).load();
      try {
        pinAll(object.maps, link, directory);
        const chain = XdpChain.#at(ifindex, pinPath, directory);
        fill(chain);
        link.update(object.programs.dispatcher);
        return chain;
      } catch (error) {
        removePins(directory);
        throw error;
      }
    });
  }

  /**
   * The chain of an interface, of another network namespace if one is given; undefined when it has none. What an
   * interface that is gone left is removed.
   */
  static find(
    ifindex: number,
    { pinPath = DEFAULT_PIN_PATH, namespace }: { pinPath?: string; namespace?: number } = {},
  ): XdpChain | undefined {
    const directory = directoryOf(ifindex, pinPath, namespace);
    if (!existsSync(directory)) return undefined;
    return withLock(pinPath, () => {
      if (isAlive(directory)) return XdpChain.#at(ifindex, pinPath, directory);
      removePins(directory);
      return undefined;
    });
  }

  static #at(ifindex: number, pinPath: string, directory: string): XdpChain {
    const spec = openDispatcher(dispatcherUrl());
    const maps = MAPS.map((name) => [name, openMap(`${directory}/${name}`, spec.map(name))]);
    return new XdpChain(ifindex, pinPath, directory, Object.fromEntries(maps) as ChainMaps);
  }

  /** Whether a program belongs into slot. */
  has(slot: number): boolean {
    return (this.#expected & (1 << slot)) !== 0;
  }

  /**
   * Puts a program into slot, or replaces the one there: from one packet to the next. Throws ERR_NOT_FOUND when the
   * chain was taken down since it was opened.
   */
  set(slot: number, program: XdpProgram): void {
    withLock(this.#pinPath, () => {
      if (!this.#isPinned || !isAlive(this.#directory)) {
        const message = `the chain of interface ${this.ifindex} was taken down: open it again`;
        throw new BpfError('ERR_NOT_FOUND', message);
      }
      this.maps.chain.set(slot, program);
      this.#expect(this.#expected | (1 << slot));
    });
  }

  /** Takes the program out of slot. With the last one the dispatcher goes, too. */
  remove(slot: number): void {
    withLock(this.#pinPath, () => {
      const rest = this.#expected & ~(1 << slot);
      this.#expect(rest);
      this.maps.chain.delete(slot);
      if (rest === 0) this.dismantle();
    });
  }

  /** Whether there is any program in the chain. */
  get isUsed(): boolean {
    return this.#expected !== 0;
  }

  /** Takes the dispatcher off the interface, whatever is in the chain. */
  dismantle(): void {
    withLock(this.#pinPath, () => {
      if (this.#isPinned) removeChain(this.#directory);
    });
  }

  /** Lets go of the handles; the chain stays. */
  close(): void {
    for (const map of Object.values(this.maps)) (map as BpfMap).close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The chain of the interface may have been taken down, and another one made, since this one was opened. */
  get #isPinned(): boolean {
    const path = `${this.#directory}/chain`;
    if (!existsSync(path)) return false;
    using pinned = openMap(path, this.maps.chain.spec);
    return pinned.info().id === this.maps.chain.info().id;
  }

  get #expected(): number {
    return this.maps.chain_expected.at(0);
  }

  #expect(slots: number): void {
    this.maps.chain_expected.set(0, slots);
  }
}

/** The object of the program that begins each chain. */
export function dispatcherUrl(): URL {
  return new URL('./dispatcher.bpf.o', import.meta.url);
}

function directoryOf(ifindex: number, pinPath: string, namespace = networkNamespace()): string {
  return `${pinPath}/xdp-${namespace}-${ifindex}`;
}

/** Indexes are used again: a chain whose interface is gone is none. */
function isAlive(directory: string): boolean {
  if (!existsSync(`${directory}/link`)) return false;
  using link = openLink(`${directory}/link`);
  return link.info().ifindex !== 0;
}

function create(nameOrIndex: string | number, directory: string, mode: XdpMode | undefined): void {
  removePins(directory);
  using object = openDispatcher(dispatcherUrl()).load();
  using link = object.programs.dispatcher.attachXdp(nameOrIndex, mode ? { mode } : {});
  try {
    pinAll(object.maps, link, directory);
  } catch (error) {
    removePins(directory);
    throw error;
  }
}

/** The link comes last: where it is, all is. */
function pinAll(maps: ChainMaps, link: Link, directory: string): void {
  for (const name of MAPS) maps[name].pin(`${directory}/${name}`);
  link.pin(`${directory}/link`);
}

function removeChain(directory: string): void {
  if (existsSync(`${directory}/link`)) openLink(`${directory}/link`).detach();
  removePins(directory);
}
