import {
  addressBytes,
  BpfError,
  type BpfObject,
  bootTimeNs,
  interfaceIndex,
  isMapped,
  maskAddress,
  maskBytes,
  Reason,
  type TcProgram,
} from '@cryptbpf/core';
import type { Suite } from '../contract.js';
import type { Device } from '../device.js';
import { ethernetInterfaces, LOOPBACK } from '../ip.js';
import { Control } from './control.js';
import { EarlyStages } from './early.js';
import { Hooks, type Pins } from './hooks.js';
import { KernelPeerPath, type PathContext, SLOTS_PER_PEER } from './peer-path.js';
import { loadSuite, type TunnelObject } from './suites.js';
import type { TunnelPrefix4, TunnelPrefix6 } from './tunnel_wireguard.gen.js';

/** Packets by the reason for which they were dropped; reasons that never were are left out. */
export type Drops = Readonly<Partial<Record<keyof typeof Reason, bigint>>>;

export interface DataPathOptions {
  readonly suite: Suite;
  readonly device: Device;
  /** UDP port. */
  readonly listenPort: number;
  readonly maxPeers: number;
  /** Interfaces at which packets of peers come in. Default: all Ethernet interfaces but this device. */
  readonly underlay?: readonly string[] | undefined;
  /** The interface whose traffic with peers is led into the device; what comes from them in clear is dropped. */
  readonly inline?: string | undefined;
  /** Interfaces at which what cannot be this tunnel's is dropped before the stack. Default: none. */
  readonly early?: readonly string[] | undefined;
  /** What outlives this process. Default: nothing. */
  readonly pins?: Pins | undefined;
  /** Where chains of XDP programs are pinned. Default /sys/fs/bpf/cryptbpf. */
  readonly pinPath?: string | undefined;
  /** One of the kernel's ciphers for AES: "ecb(aes)" or "ecb(…)" with a driver of /proc/crypto. */
  readonly aesDriver?: string | undefined;
  readonly transmit: PathContext['transmit'];
  readonly localAddressTo: PathContext['localAddressTo'];
  /** Age in seconds at which a session ends. */
  readonly rejectAfter: number;
  /** Packets after which a session ends. */
  readonly rejectAfterMessages: bigint;
}

const CONTROLLED_NS = 15_000_000_000n;
const NS_PER_S = 1_000_000_000;

/** The programs of a tunnel, and what they know. */
export class DataPath {
  readonly #object: BpfObject<TunnelObject>;
  readonly #device: Device;
  readonly #underlay: readonly string[] | undefined;
  readonly #inline: string | undefined;
  readonly #context: PathContext;
  readonly #hooks: Hooks;
  readonly #early: EarlyStages;
  readonly #peers = new Map<number, KernelPeerPath>();
  /** Indices that peers had who are gone. */
  readonly #free: number[] = [];
  readonly #maxPeers: number;

  /** The device seals, or drops, from here on. Throws what loading and attaching throw. */
  constructor(options: DataPathOptions) {
    const { suite, device, listenPort, maxPeers, transmit, localAddressTo, inline } = options;
    const { object, prepare, wipe } = loadSuite(suite, (spec) => {
      spec.variable('device_ifindex').set(device.ifindex);
      spec.variable('inside_ifindex').set(device.insideIfindex);
      spec.variable('device_mac').set(device.mac);
      spec.variable('device_mtu').set(device.mtu);
      spec.variable('listen_port').set(listenPort);
      spec.variable('inline_ifindex').set(inline === undefined ? 0 : interfaceIndex(inline));
      spec.variable('inline_is_loopback').set(inline === LOOPBACK ? 1 : 0);
      spec.variable('reject_after_ns').set(BigInt(Math.round(options.rejectAfter * NS_PER_S)));
      spec.variable('reject_after_count').set(options.rejectAfterMessages);
      const slots = 1 + maxPeers * SLOTS_PER_PEER;
      spec.map('peers').maxEntries = maxPeers;
      spec.map('sessions').maxEntries = slots;
      spec.map('indices').maxEntries = slots;
      spec.map('windows').maxEntries = slots;
      return slots;
    });
    this.#object = object;
    this.#device = device;
    this.#underlay = options.underlay;
    this.#inline = inline;
    this.#maxPeers = maxPeers;
    const control = new Control(object, options.aesDriver);
    const { peers } = object.maps;
    const { mtu } = device;
    this.#context = { suite, mtu, control, peers, prepare, wipe, transmit, localAddressTo };
    this.stayControlled();
    this.#hooks = new Hooks(options.pins);
    this.#early = new EarlyStages({ suite, listenPort, maps: object.maps, pinPath: options.pinPath });
    try {
      this.#attach();
      for (const name of options.early ?? []) this.#early.attach(name);
      this.#hooks.keep(object.maps.stats);
    } catch (error) {
      this.#early.detach();
      this.#hooks.undo();
      object.close();
      throw error;
    }
  }

  /** Says that there is a controller: at least every 15 seconds. */
  stayControlled(): void {
    this.#object.maps.controlled_until_ns.set(0, bootTimeNs() + CONTROLLED_NS);
  }

  /** To interfaces that have come since; those that went have taken their links with them. */
  attachUnderlay(): void {
    const all = this.#underlay ?? ethernetInterfaces().filter((name) => !this.#device.has(name));
    const wanted = new Set(this.#inline === undefined ? all : [...all, this.#inline]);
    this.#hooks.forgetGone();
    for (const name of wanted) {
      if (this.#hooks.isAt(name, 'ingress')) continue;
      this.#hooks.attach(this.#object.programs.tunnel_underlay, name, 'ingress');
    }
  }

  /** Throws ERR_MAP_FULL. */
  addPeer({ pinEndpoint = false }: { pinEndpoint?: boolean } = {}): KernelPeerPath {
    const index = this.#free.pop() ?? this.#peers.size;
    if (index >= this.#maxPeers) {
      throw new BpfError('ERR_MAP_FULL', `the tunnel has room for ${this.#maxPeers} peers: raise maxPeers`);
    }
    const path = new KernelPeerPath(index, this.#context);
    path.reset(pinEndpoint);
    this.#peers.set(index, path);
    return path;
  }

  /** Its sessions end, and its allowed IPs are nobody's. */
  removePeer(path: KernelPeerPath): void {
    const { allowed_ipv4, allowed_ipv6 } = this.#object.maps;
    for (const [key, peer] of [...allowed_ipv4]) if (peer === path.index) allowed_ipv4.delete(key);
    for (const [key, peer] of [...allowed_ipv6]) if (peer === path.index) allowed_ipv6.delete(key);
    path.clear();
    path.reset(false);
    this.#peers.delete(path.index);
    this.#free.push(path.index);
  }

  /** Packets to a prefix go to the peer, and come from it alone. A prefix that was another peer's changes hands. */
  allow(path: KernelPeerPath, prefix: string): void {
    const { allowed_ipv4, allowed_ipv6 } = this.#object.maps;
    const key = parsePrefix(prefix);
    if ('ipv4' in key) allowed_ipv4.set(key.ipv4, path.index);
    else allowed_ipv6.set(key.ipv6, path.index);
  }

  /** Packets that wait for a session go to their peers; runs until the signal aborts. */
  async holdPackets(signal: AbortSignal, wanted: (path: KernelPeerPath) => void): Promise<void> {
    for await (const { peer, length, packet } of this.#object.maps.held.events({ signal })) {
      const path = this.#peers.get(peer);
      if (!path || length === 0) continue;
      path.hold(packet.subarray(0, length));
      wanted(path);
    }
  }

  /** Packets dropped, of all CPUs together. */
  drops(): Drops {
    const drops: { -readonly [Name in keyof Drops]: Drops[Name] } = {};
    for (const [name, reason] of Object.entries(Reason) as [keyof typeof Reason, number][]) {
      const stats = this.#object.maps.stats.get(reason) ?? [];
      const packets = stats.reduce((sum, { packets }) => sum + packets, 0n);
      if (packets > 0n) drops[name] = packets;
    }
    return drops;
  }

  /** What the programs share. */
  get maps(): TunnelObject['maps'] {
    return this.#object.maps;
  }

  /** To be run on packets that are nobody's. */
  program(name: 'tunnel_inside' | 'tunnel_underlay'): TcProgram {
    return this.#object.programs[name];
  }

  /** Lets go: what is pinned stays, without keys. */
  leave(): void {
    for (const path of this.#peers.values()) path.clear();
    this.#hooks.close();
    this.#early.close();
    this.#object.close();
  }

  /** The programs go. The device drops what is routed into it until it is removed. */
  close(): void {
    for (const path of this.#peers.values()) path.clear();
    this.#early.detach();
    this.#hooks.detach();
    this.#object.close();
  }

  #attach(): void {
    const { tunnel_inside, tunnel_divert } = this.#object.programs;
    this.#hooks.attach(tunnel_inside, this.#device.inside, 'ingress');
    if (this.#inline !== undefined) this.#hooks.attach(tunnel_divert, this.#inline, 'egress');
    this.attachUnderlay();
    this.#hooks.detachOthers();
  }
}

type PrefixKey = { ipv4: TunnelPrefix4 } | { ipv6: TunnelPrefix6 };

/** Host bits are passed over, as `wg` does. Throws ERR_BAD_ADDRESS. */
function parsePrefix(text: string): PrefixKey {
  const [host = '', bits, ...rest] = text.split('/');
  const address = addressBytes(host);
  const isIpv4 = isMapped(address) && !host.includes(':');
  const length = bits === undefined ? (isIpv4 ? 32 : 128) : Number(bits);
  const isNumber = bits === undefined || /^\d{1,3}$/.test(bits);
  if (rest.length > 0 || !isNumber || length > (isIpv4 ? 32 : 128)) {
    throw new BpfError(
      'ERR_BAD_ADDRESS',
      `"${text}" is no prefix: a length of 0 to ${isIpv4 ? 32 : 128} goes behind the /`,
    );
  }
  const masked = maskAddress(address, maskBytes(isIpv4 ? length + 96 : length));
  if (!isIpv4) return { ipv6: { length, address: masked } };
  const view = new DataView(masked.buffer, masked.byteOffset);
  return { ipv4: { length, address: view.getUint32(12, true) } };
}
