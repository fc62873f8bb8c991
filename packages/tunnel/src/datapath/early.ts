import { closeSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import {
  BpfError,
  ChainSlot,
  DEFAULT_PIN_PATH,
  interfaceIndex,
  networkNamespace,
  tryLock,
  XdpChain,
} from '@cryptbpf/core';
import type { Suite } from '../contract.js';
import type { TunnelObject } from './suites.js';
import { openTunnelEarly } from './tunnel_early.gen.js';

export interface EarlyOptions {
  readonly suite: Suite;
  /** UDP port. */
  readonly listenPort: number;
  /** Of the data path, which the program shares. */
  readonly maps: TunnelObject['maps'];
  /** Where chains are pinned. Default /sys/fs/bpf/cryptbpf. */
  readonly pinPath?: string | undefined;
}

interface Stage {
  readonly ifindex: number;
  /** Keeps the early stages of other tunnels away. */
  readonly lock: number;
  readonly directory: string;
}

/**
 * Programs in the XDP chains of interfaces, which drop what cannot be the tunnel's. One that was left behind, since
 * its controller was killed, lets all pass, until the next one replaces it.
 */
export class EarlyStages {
  readonly #options: EarlyOptions;
  readonly #stages = new Map<string, Stage>();

  constructor(options: EarlyOptions) {
    this.#options = options;
  }

  get #pinPath(): string {
    return this.#options.pinPath ?? DEFAULT_PIN_PATH;
  }

  /** Throws ERR_BUSY where another tunnel has its own, and what chains throw. */
  attach(interfaceName: string): void {
    const ifindex = interfaceIndex(interfaceName);
    const directory = `${this.#pinPath}/tunnel-early-${networkNamespace()}-${ifindex}`;
    using chain = XdpChain.open(interfaceName, { pinPath: this.#pinPath });
    let lock: number | undefined;
    try {
      mkdirSync(directory, { recursive: true });
      lock = takeLock(directory, interfaceName);
      this.#join(chain);
    } catch (error) {
      if (lock !== undefined) closeSync(lock);
      if (!chain.isUsed) chain.dismantle();
      throw error;
    }
    this.#stages.set(interfaceName, { ifindex, lock, directory });
  }

  detach(): void {
    for (const { ifindex, directory } of this.#stages.values()) {
      using chain = XdpChain.find(ifindex, { pinPath: this.#pinPath });
      if (chain?.has(ChainSlot.CHAIN_TUNNEL)) chain.remove(ChainSlot.CHAIN_TUNNEL);
      rmdirSync(directory);
    }
    this.close();
  }

  /** Lets go: the programs stay. */
  close(): void {
    for (const { lock } of this.#stages.values()) closeSync(lock);
    this.#stages.clear();
  }

  #join(chain: XdpChain): void {
    const { suite, listenPort, maps } = this.#options;
    const { indices, windows, controlled_until_ns, stats } = maps;
    const spec = openTunnelEarly(new URL('./tunnel_early.bpf.o', import.meta.url));
    spec.variable('listen_port').set(listenPort);
    spec.variable('is_aes').set(suite === 'aes-256-gcm' ? 1 : 0);
    for (const { spec: shared } of [indices, windows])
      spec.map(shared.name as 'indices').maxEntries = shared.maxEntries;
    const { chain: programs, chain_expected } = chain.maps;
    using object = spec.load({
      reuse: { indices, windows, controlled_until_ns, stats, chain: programs, chain_expected },
    });
    chain.set(ChainSlot.CHAIN_TUNNEL, object.programs.tunnel_early);
  }
}

function takeLock(directory: string, interfaceName: string): number {
  const fd = openSync(directory, 'r');
  if (tryLock(fd)) return fd;
  closeSync(fd);
  throw new BpfError(
    'ERR_BUSY',
    `interface ${interfaceName} has the early stage of another tunnel, which runs`,
  );
}
