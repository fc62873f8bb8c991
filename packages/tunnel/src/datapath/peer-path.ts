import { type ArrayMap, addressBytes, formatAddress, fromAddress, Reason, toAddress } from '@cryptbpf/core';
import type { Endpoint, PeerPath, Session, Suite } from '../contract.js';
import type { Control } from './control.js';
import type { Drops } from './data-path.js';
import { packetBytes, sealPacket } from './framing.js';
import {
  type TunnelActivity,
  type TunnelPeer,
  tunnelActivityCodec,
  tunnelPeerCodec,
} from './tunnel_wireguard.gen.js';

/** Previous, current and next. */
export const SLOTS_PER_PEER = 3;

/** How many packets of a peer wait for a session at most. */
const HELD_MAX = 64;

export interface PathContext {
  readonly suite: Suite;
  readonly mtu: number;
  readonly control: Control;
  readonly peers: ArrayMap<TunnelPeer>;
  /** Before a session comes into a slot: what its cipher needs besides keys. */
  prepare(slot: number, session: Session): void;
  /** What prepare() left there. */
  wipe(slot: number): void;
  /** From the tunnel's UDP port. */
  transmit(packet: Uint8Array, to: Endpoint): void;
  /** Which of our addresses packets to there come from. */
  localAddressTo(remote: Endpoint): Promise<string>;
}

/** A session as user space remembers it. */
interface Installed {
  readonly slot: number;
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly sendKey: Uint8Array;
}

/** One peer in the kernel. */
export class KernelPeerPath implements PeerPath {
  readonly index: number;
  readonly #context: PathContext;
  readonly #view: DataView;
  readonly #offset: number;
  #previous: Installed | undefined;
  #current: Installed | undefined;
  #next: Installed | undefined;
  #endpoint: Endpoint | undefined;
  /** The beginning of the record, and what it was when it was last decoded. */
  readonly #words: Uint32Array;
  readonly #seen = new Uint32Array(tunnelActivityCodec.size / 4);
  #activity: ReturnType<PeerPath['activity']> | undefined;
  /** Packets that wait for a session. */
  #held: Uint8Array[] = [];

  constructor(index: number, context: PathContext) {
    this.index = index;
    this.#context = context;
    this.#view = context.peers.view();
    this.#offset = index * context.peers.stride;
    const { buffer, byteOffset } = this.#view;
    this.#words = new Uint32Array(buffer, byteOffset + this.#offset, this.#seen.length);
  }

  /** As a peer of which nothing is known. */
  reset(pinEndpoint: boolean): void {
    const bytes = new Uint8Array(
      this.#view.buffer,
      this.#view.byteOffset + this.#offset,
      tunnelPeerCodec.size,
    );
    bytes.fill(0);
    tunnelPeerCodec.encode(this.#view, this.#offset, { ...this.record(), isPinned: pinEndpoint ? 1 : 0 });
    this.#endpoint = undefined;
  }

  /** As WireGuard's paper has it, section 6.3; the program makes the next session the current one by itself. */
  install(session: Session): void {
    this.#activity = undefined;
    this.#follow();
    const kept = session.initiator ? (this.#next ?? this.#current) : this.#current;
    const gone = [this.#previous, this.#current, this.#next].filter((each) => each && each !== kept);
    const used = [this.#current, this.#next].map((each) => each?.slot);
    const slot = this.#slots.find((each) => !used.includes(each))!;
    this.#vacate(slot);
    const installed = this.#put(slot, session);
    for (const old of gone) if (old!.slot !== slot) this.#forget(old!);
    this.#previous = session.initiator ? kept : undefined;
    this.#current = session.initiator ? installed : kept;
    this.#next = session.initiator ? undefined : installed;
    if (session.initiator) this.#release();
  }

  clear(): void {
    this.#activity = undefined;
    for (const each of [this.#previous, this.#current, this.#next]) if (each) this.#forget(each);
    this.#previous = undefined;
    this.#current = undefined;
    this.#next = undefined;
    this.#held = [];
  }

  setEndpoint(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
    const known = this.#located();
    if (known?.address === endpoint.address && known.port === endpoint.port) return;
    void this.#locate(endpoint).catch(() => {}); // no way there now: the next handshake tries again
  }

  /** Our addresses have changed: packets leave from the one that is on the way to the peer now. */
  relocate(): void {
    this.#endpoint = this.endpoint();
    if (this.#endpoint) void this.#locate(this.#endpoint).catch(() => {}); // no way there now: as above
  }

  /** The last authenticated packet came from here. */
  endpoint(): Endpoint | undefined {
    return this.#located() ?? this.#endpoint;
  }

  activity() {
    if (this.#activity && this.#words.every((word, i) => word === this.#seen[i])) return this.#activity;
    this.#seen.set(this.#words);
    this.#follow();
    this.#activity = { ...this.#inKernel(), currentIndex: this.#current?.localIndex };
    return this.#activity;
  }

  keepalive(): void {
    this.#send(new Uint8Array());
  }

  /** A packet that found no session: it is sent as soon as there is one, unless too many wait already. */
  hold(packet: Uint8Array): void {
    this.#follow();
    if (this.#current) this.#send(packet);
    else if (this.#held.length < HELD_MAX) this.#held.push(packet);
  }

  /** Of this peer's packets, by reason. */
  drops(): Drops {
    const counted = this.record().drops.map((packets, place) => [reasonAt(place), packets] as const);
    return Object.fromEntries(counted.filter(([name, packets]) => name && packets > 0n));
  }

  record(): TunnelPeer {
    return tunnelPeerCodec.decode(this.#view, this.#offset);
  }

  /** The beginning of the record. */
  #inKernel(): TunnelActivity {
    return tunnelActivityCodec.decode(this.#view, this.#offset);
  }

  get #slots(): number[] {
    const first = 1 + this.index * SLOTS_PER_PEER;
    return Array.from({ length: SLOTS_PER_PEER }, (_, i) => first + i);
  }

  /** As the kernel has it. */
  #located(): Endpoint | undefined {
    const { endpoint } = this.record();
    if (endpoint.port === 0) return undefined;
    return { address: formatAddress(fromAddress(endpoint.remote)), port: endpoint.port };
  }

  /** The program may have made the next session the current one. */
  #follow(): void {
    if (!this.#next || this.#inKernel().current !== this.#next.slot) return;
    if (this.#previous) this.#forget(this.#previous);
    this.#previous = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    this.#release();
  }

  #vacate(slot: number): void {
    this.#context.control.clear(this.index, slot);
    this.#context.wipe(slot);
  }

  #put(slot: number, session: Session): Installed {
    const { localIndex, remoteIndex, initiator, sendKey, receiveKey } = session;
    const isInitiator = initiator ? 1 : 0;
    this.#context.prepare(slot, session);
    this.#context.control.install({
      peer: this.index,
      slot,
      localIndex,
      remoteIndex,
      isInitiator,
      sendKey,
      receiveKey,
    });
    const installed = { slot, localIndex, remoteIndex, sendKey: Uint8Array.from(sendKey) };
    sendKey.fill(0);
    receiveKey.fill(0);
    return installed;
  }

  #forget(installed: Installed): void {
    this.#vacate(installed.slot);
    installed.sendKey.fill(0);
  }

  #send(text: Uint8Array): void {
    const endpoint = this.endpoint();
    const current = this.#current;
    if (!current || !endpoint) return;
    const { suite, mtu, control, transmit } = this.#context;
    const wireBytes = packetBytes(suite, text.length, mtu);
    const counter = control.takeCounter(this.index, current.slot, text.length, wireBytes);
    if (counter === undefined) return;
    const packet = { key: current.sendKey, receiver: current.remoteIndex, counter, text, mtu };
    transmit(sealPacket(suite, packet), endpoint);
  }

  #release(): void {
    for (const packet of this.#held.splice(0)) this.#send(packet);
  }

  async #locate(endpoint: Endpoint): Promise<void> {
    const local = await this.#context.localAddressTo(endpoint);
    if (this.#endpoint !== endpoint) return;
    this.#context.control.setEndpoint(this.index, {
      remote: toAddress(addressBytes(endpoint.address)),
      local: toAddress(addressBytes(local)),
      port: endpoint.port,
      unused: [0, 0, 0],
    });
  }
}

/** As bpf/lib/tunnel_state.h counts them. */
function reasonAt(place: number): keyof typeof Reason | undefined {
  const shared = { 22: Reason.DROP_REPLAY, 23: Reason.DROP_SESSION_EXPIRED }[place];
  const reason = shared ?? Reason.DROP_TUNNEL_NO_PEER + place;
  return (Object.keys(Reason) as (keyof typeof Reason)[]).find((name) => Reason[name] === reason);
}
