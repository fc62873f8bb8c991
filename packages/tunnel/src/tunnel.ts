import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { DEFAULT_PIN_PATH, networkNamespace } from '@cryptbpf/core';
import type { PeerConfig, TunnelConfig } from './config/config.js';
import { resolveEndpoint } from './config/endpoint.js';
import type { Endpoint, Suite } from './contract.js';
import { DataPath, type Drops } from './datapath/data-path.js';
import { defaultMtu } from './datapath/framing.js';
import { Hooks, type Pins } from './datapath/hooks.js';
import type { KernelPeerPath } from './datapath/peer-path.js';
import { Device } from './device.js';
import { Handshakes, type Outcome } from './exchange/handshakes.js';
import { Sockets } from './exchange/sockets.js';
import { type InlineOptions, inlineOptions } from './inline.js';
import { formatKey, parseKey, parsePublicKey } from './keys.js';
import type { Peer } from './peer/peer.js';
import { REJECT_AFTER_MS, systemClock } from './peer/timing.js';

export interface TunnelOptions extends Omit<TunnelConfig, 'suite'> {
  /** Of the device that packets are routed into: at most 12 characters. */
  readonly name: string;
  /** Default 'wireguard'. */
  readonly suite?: Suite;
  /**
   * Bytes of a packet inside at most. Default: what fits an underlay of 1500 bytes, 1420 for suite wireguard and 1416
   * for aes-256-gcm.
   */
  readonly mtu?: number;
  /** UDP. Default: one that is free. */
  readonly listenPort?: number;
  /** From which this host speaks to its peers, and at which they find it. Default: any, as the routes say. */
  readonly localAddress?: string;
  /** Whether allowed IPs are routed into the device; default routes are not, they are the operator's. Default true; inline false. */
  readonly routes?: boolean;
  /**
   * Inline mode: an interface at which all that goes to allowed IPs is sealed, whatever the routes say, and all that comes from
   * them in clear is dropped. Allowed IPs are then the addresses that the hosts have there, and the device needs none.
   */
  readonly inline?: string;
  /**
   * Whether device and programs outlive this process: what has a session then goes on until that ends, and is
   * dropped afterwards; the next up() of this name takes over. Default false. Inline always, so that nothing
   * ever leaves in clear; down() alone ends it.
   */
  readonly pin?: boolean;
  /** A directory in bpffs. Default /sys/fs/bpf/cryptbpf. */
  readonly pinPath?: string;
  /** Interfaces at which packets of peers come in. Default: all Ethernet interfaces, also such as come later. */
  readonly underlay?: readonly string[];
  /**
   * Interfaces at which packets to the tunnel's port that cannot be its own (no message of the suite, an unknown
   * index, a counter that has come or is too old) are dropped by XDP, before the stack makes anything of them. They
   * are in the interface's chain, with other features'. Default: none; they are then dropped at TC.
   */
  readonly early?: readonly string[];
  /** Seconds after which keys are renewed where there is traffic. Default 120, and no more. */
  readonly rekeyAfter?: number;
  /** For how many peers there is room. Default 64, or as many as there are. */
  readonly maxPeers?: number;
  /**
   * Of suite aes-256-gcm: the kernel's cipher, "ecb(aes)" or "ecb(…)" with a driver that /proc/crypto lists. Default
   * "ecb(aes)", the kernel's choice.
   */
  readonly aesDriver?: string;
}

export interface PeerStatus {
  /** In base64. */
  readonly publicKey: string;
  readonly endpoint: Endpoint | undefined;
  readonly allowedIPs: readonly string[];
  readonly lastHandshake: Date | undefined;
  /** Packets, and bytes of UDP payload; handshakes are not counted. */
  readonly sent: { readonly packets: bigint; readonly bytes: bigint };
  readonly received: { readonly packets: bigint; readonly bytes: bigint };
  readonly drops: Drops;
}

export interface TunnelStatus {
  readonly name: string;
  readonly suite: Suite;
  /** In base64. */
  readonly publicKey: string;
  readonly listenPort: number;
  readonly mtu: number;
  readonly peers: readonly PeerStatus[];
  /** Packets that were dropped, whosever they were. */
  readonly drops: Drops;
  /** What became of handshake messages that came in. */
  readonly handshakes: Readonly<Partial<Record<Outcome, number>>>;
}

interface Member {
  readonly config: PeerConfig;
  readonly path: KernelPeerPath;
  readonly peer: Peer;
}

const TICK_MS = 100;
/** Interfaces and addresses come and go seldom. */
const LOOK_AROUND_MS = 2000;
const DEFAULT_MAX_PEERS = 64;
/** WireGuard's 2^64 - 2^13 - 1, and for AES-GCM SP 800-38D's 2^32, as far from the end. */
const REJECT_AFTER_MESSAGES: Record<Suite, bigint> = {
  wireguard: 2n ** 64n - 2n ** 13n - 1n,
  'aes-256-gcm': 2n ** 32n - 2n ** 13n - 1n,
};

/**
 * A tunnel: a device that packets are routed into, whose programs seal and open them in the kernel (6.1+; suite
 * aes-256-gcm 6.10+), and the handshakes with its peers, which are this process's. No packet leaves
 * the device that is not sealed: without the process it drops all, before Linux 6.6 when the session is over.
 */
export class Tunnel implements AsyncDisposable {
  readonly name: string;
  readonly suite: Suite;
  readonly #device: Device;
  readonly #dataPath: DataPath;
  readonly #sockets: Sockets;
  readonly #handshakes: Handshakes;
  readonly #routes: boolean;
  readonly #isPinned: boolean;
  /** By public key. */
  readonly #members = new Map<string, Member>();
  readonly #peers = new Map<KernelPeerPath, Peer>();
  readonly #closing = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #known = surroundings();

  private constructor(options: TunnelOptions, device: Device, sockets: (tunnel: Tunnel) => Sockets) {
    const { name, suite = 'wireguard', peers, maxPeers, underlay, aesDriver } = options;
    this.name = name;
    this.suite = suite;
    this.#routes = options.routes ?? options.inline === undefined;
    this.#isPinned = pinsOf(options).all;
    this.#device = device;
    const privateKey = parseKey(options.privateKey, 'private key');
    this.#sockets = sockets(this);
    try {
      const send = (message: Uint8Array, to: Endpoint) => this.#sockets.send(message, to);
      const { rekeyAfter } = options;
      this.#handshakes = new Handshakes({ suite, privateKey, clock: systemClock, rekeyAfter, send });
      this.#dataPath = new DataPath({
        suite,
        device,
        listenPort: this.#sockets.port,
        maxPeers: maxPeers ?? Math.max(DEFAULT_MAX_PEERS, peers.length),
        underlay,
        inline: options.inline,
        early: options.early,
        pinPath: options.pinPath,
        pins: pinsOf(options),
        aesDriver,
        rejectAfter: REJECT_AFTER_MS / 1000,
        rejectAfterMessages: REJECT_AFTER_MESSAGES[suite],
        transmit: send,
        localAddressTo: async (to) => options.localAddress ?? (await localAddressTo(to)),
      });
    } catch (error) {
      this.#sockets[Symbol.dispose]();
      throw error;
    } finally {
      privateKey.fill(0);
    }
  }

  /**
   * Makes the device, in the network namespace of this process, and begins. Throws ERR_BAD_OPTION, ERR_BAD_VALUE,
   * ERR_EXISTS when there is a device of that name, ERR_BUSY for a port that is taken, ERR_NOT_SUPPORTED for a kernel
   * that is too old.
   */
  static async up(options: TunnelOptions): Promise<Tunnel> {
    const {
      name,
      suite = 'wireguard',
      mtu = defaultMtu(suite),
      address,
      listenPort = 0,
      localAddress,
      peers,
    } = options;
    const settings = { name, addresses: address, mtu, inline: options.inline };
    const left = pinsOf(options).all ? Device.find(settings) : undefined;
    const device = left ?? Device.create(settings);
    let tunnel: Tunnel | undefined;
    try {
      tunnel = new Tunnel(options, device, (made) =>
        Sockets.open({
          port: listenPort,
          address: localAddress,
          onMessage: (message, source) => made.#receive(message, source),
        }),
      );
      left?.configure(settings);
      for (const peer of peers) await tunnel.#join(peer);
      tunnel.#route(peers);
      tunnel.#begin();
      return tunnel;
    } catch (error) {
      if (tunnel && left) tunnel.#leave();
      else if (tunnel) await tunnel.down();
      else if (!left) device.remove();
      throw error;
    }
  }

  /** Inline, between two hosts; throws as up() does, and ERR_BAD_ADDRESS. */
  static async inline(options: InlineOptions): Promise<Tunnel> {
    return await Tunnel.up(inlineOptions(options));
  }

  get listenPort(): number {
    return this.#sockets.port;
  }

  /** In base64. */
  get publicKey(): string {
    return formatKey(this.#handshakes.publicKey);
  }

  /** A peer of that key that was there before is replaced. Throws ERR_BAD_VALUE, ERR_BAD_ADDRESS, ERR_MAP_FULL. */
  async addPeer(config: PeerConfig): Promise<void> {
    await this.#join(config);
    try {
      this.#route([config]);
    } catch (error) {
      this.removePeer(config.publicKey);
      throw error;
    }
  }

  /** False: there was no peer of that key. Its sessions end at once. */
  removePeer(publicKey: string): boolean {
    const member = this.#members.get(publicKey);
    if (!member) return false;
    this.#members.delete(publicKey);
    this.#peers.delete(member.path);
    this.#handshakes.remove(parseKey(publicKey, 'public key'));
    this.#dataPath.removePeer(member.path);
    if (this.#routes) this.#device.removeRoutes(routed(member.config.allowedIPs));
    return true;
  }

  stats(): TunnelStatus {
    return {
      name: this.name,
      suite: this.suite,
      publicKey: this.publicKey,
      listenPort: this.listenPort,
      mtu: this.#device.mtu,
      peers: [...this.#members.values()].map(statusOf),
      drops: this.#dataPath.drops(),
      handshakes: Object.fromEntries(this.#handshakes.outcomes),
    };
  }

  /** The device goes, with its addresses and routes, and what is pinned; keys are wiped. Inline, hosts then speak in clear. */
  async down(): Promise<void> {
    if (!this.#end()) return;
    this.#dataPath.close();
    this.#device.remove();
  }

  /** Lets go: what is pinned stays, without keys, so that nothing passes until the next up(). What is not pinned goes. */
  async close(): Promise<void> {
    if (this.#isPinned) this.#leave();
    else await this.down();
  }

  /**
   * Takes down what a controller left that is gone: the device, and what is pinned. False: there was nothing. Throws
   * ERR_BUSY while there is one.
   */
  static takeDown({ name, pinPath }: Pick<TunnelOptions, 'name' | 'pinPath'>): boolean {
    const pins = { ...pinsOf({ name, pinPath }), all: true };
    const device = Device.find({ name, addresses: [], mtu: defaultMtu('wireguard') });
    if (!device && !existsSync(pins.directory)) return false;
    new Hooks(pins).detach();
    device?.remove();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  async #join(config: PeerConfig): Promise<void> {
    const publicKey = parsePublicKey(config.publicKey, this.suite);
    const presharedKey = config.presharedKey && parseKey(config.presharedKey, 'preshared key');
    const endpoint = config.endpoint && (await resolveEndpoint(config.endpoint));
    this.removePeer(config.publicKey);
    const { pinEndpoint = false, persistentKeepalive = 0, allowedIPs } = config;
    const path = this.#dataPath.addPeer({ pinEndpoint });
    try {
      for (const prefix of allowedIPs) this.#dataPath.allow(path, prefix);
      if (endpoint) path.setEndpoint(endpoint);
      const settings = { publicKey, pinEndpoint, persistentKeepalive, path };
      const peer = this.#handshakes.add({ ...settings, ...(presharedKey ? { presharedKey } : {}) });
      this.#members.set(config.publicKey, { config, path, peer });
      this.#peers.set(path, peer);
    } catch (error) {
      this.#dataPath.removePeer(path);
      throw error;
    } finally {
      if (presharedKey) presharedKey.fill(0);
    }
  }

  /** Once there are peers for them. */
  #route(peers: readonly PeerConfig[]): void {
    if (this.#routes) this.#device.addRoutes(peers.flatMap(({ allowedIPs }) => routed(allowedIPs)));
  }

  #begin(): void {
    const tick = setInterval(() => this.#tick(), TICK_MS);
    const look = setInterval(() => this.#lookAround(), LOOK_AROUND_MS);
    this.#timers.push(tick, look);
    void this.#dataPath.holdPackets(this.#closing.signal, (path) => this.#peers.get(path)?.tick());
  }

  /** False: it is over already. */
  #end(): boolean {
    if (this.#closing.signal.aborted) return false;
    this.#closing.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#handshakes.close();
    this.#sockets[Symbol.dispose]();
    return true;
  }

  /** What is pinned stays. */
  #leave(): void {
    if (this.#end()) this.#dataPath.leave();
  }

  #tick(): void {
    this.#dataPath.stayControlled();
    this.#handshakes.tick();
  }

  #receive(message: Uint8Array, source: Endpoint): void {
    if (!this.#closing.signal.aborted) this.#handshakes.receive(message, source);
  }

  #lookAround(): void {
    const found = surroundings();
    if (found === this.#known) return;
    this.#known = found;
    this.#dataPath.attachUnderlay();
    for (const { path } of this.#members.values()) path.relocate();
  }
}

type PinOptions = {
  readonly [Key in 'name' | 'inline' | 'pin' | 'pinPath']?: TunnelOptions[Key] | undefined;
};

/** A name in bpffs for each tunnel, as devices have one for each network namespace. */
function pinsOf({ name, inline, pin = false, pinPath = DEFAULT_PIN_PATH }: PinOptions): Pins {
  return { directory: `${pinPath}/tunnel-${networkNamespace()}-${name}`, all: pin || inline !== undefined };
}

function statusOf({ config, path, peer }: Member): PeerStatus {
  const record = path.record();
  return {
    publicKey: config.publicKey,
    endpoint: path.endpoint(),
    allowedIPs: config.allowedIPs,
    lastHandshake: peer.lastHandshake,
    sent: { packets: record.sentPackets, bytes: record.sentBytes },
    received: { packets: record.receivedPackets, bytes: record.receivedBytes },
    drops: path.drops(),
  };
}

/** Without default routes, which would take the way to the peers, too. */
function routed(allowedIPs: readonly string[]): string[] {
  return allowedIPs.filter((prefix) => !prefix.endsWith('/0'));
}

/** Interfaces and their addresses. */
function surroundings(): string {
  const all = Object.entries(networkInterfaces());
  return all.map(([name, own = []]) => [name, ...own.map(({ address }) => address)].join()).join(';');
}

/** By a socket that is connected, which sends nothing. */
function localAddressTo({ address, port }: Endpoint): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  return new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => resolve(socket.address().address));
  }).finally(() => socket.close());
}
