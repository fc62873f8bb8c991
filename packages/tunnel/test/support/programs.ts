import { randomBytes } from 'node:crypto';
import { Netns } from '../../../core/test/support/netns.js';
import { type Frame, frame } from '../../../pow/test/support/packets.js';
import type { Session, Suite } from '../../src/contract.js';
import { DataPath } from '../../src/datapath/data-path.js';
import { defaultMtu, sealPacket } from '../../src/datapath/framing.js';
import type { KernelPeerPath } from '../../src/datapath/peer-path.js';
import { Device } from '../../src/device.js';

/* The programs by themselves: packets of ours go in, by BPF_PROG_TEST_RUN, and are looked at when they come out. */

export const TC_DROPPED = 2;
export const TC_REDIRECTED = 7;
export const TC_PASSED = 0xffff_ffff;

export const PORT = 51820;
export const US = { ipv4: '10.99.0.1', ipv6: 'fd99::1' };
export const THEM = { ipv4: '10.99.0.2', ipv6: 'fd99::2' };
export const INSIDE_US = { ipv4: '10.7.0.1', ipv6: 'fd07::1' };
export const INSIDE_THEM = { ipv4: '10.7.0.2', ipv6: 'fd07::2' };
export type Family = 'ipv4' | 'ipv6';

export const UDP_PAYLOAD: Record<Family, number> = { ipv4: 42, ipv6: 62 };
export const HEADER_BYTES: Record<Suite, number> = { wireguard: 16, 'aes-256-gcm': 20 };

let index = 1;

export class Programs implements Disposable {
  readonly namespace = Netns.create();
  readonly suite: Suite;
  readonly dataPath: DataPath;
  readonly peer: KernelPeerPath;
  readonly #device: Device;
  session!: Session;

  constructor(suite: Suite, limits: { rejectAfter?: number; rejectAfterMessages?: bigint } = {}) {
    this.suite = suite;
    Netns.addVeth(this.namespace, this.namespace, ['u0', 'u1']);
    for (const address of [`${US.ipv4}/24`, `${US.ipv6}/64`]) this.namespace.addAddress('u0', address);
    const addresses = [`${INSIDE_US.ipv4}/24`, `${INSIDE_US.ipv6}/64`];
    this.#device = this.namespace.run(() =>
      Device.create({ name: 'cb0', addresses, mtu: defaultMtu(suite) }),
    );
    this.dataPath = this.namespace.run(
      () =>
        new DataPath({
          suite,
          device: this.#device,
          listenPort: PORT,
          maxPeers: 4,
          rejectAfter: 180,
          rejectAfterMessages: 1n << 32n,
          transmit: () => {},
          localAddressTo: async ({ address }) => (address.includes(':') ? US.ipv6 : US.ipv4),
          ...limits,
        }),
    );
    this.peer = this.dataPath.addPeer();
    for (const prefix of Object.values(INSIDE_THEM)) this.dataPath.allow(this.peer, prefix);
  }

  async locate(family: Family): Promise<void> {
    this.peer.setEndpoint({ address: THEM[family], port: PORT });
    await new Promise(setImmediate);
  }

  /** As after the first packet, in the network of a peer who answers: the way to him is kept then. */
  knowNeighbor(): void {
    this.namespace.ip('neigh', 'replace', THEM.ipv4, 'lladdr', '02:00:00:00:00:02', 'dev', 'u0');
  }

  /** A new session, of which we keep the keys. */
  install({ initiator = true, ...keys }: Partial<Session> = {}): Session {
    const session = {
      localIndex: index++,
      remoteIndex: 0x9000_0000 + index++,
      sendKey: randomBytes(32),
      receiveKey: randomBytes(32),
      initiator,
      ...keys,
    };
    this.peer.install({
      ...session,
      sendKey: Uint8Array.from(session.sendKey),
      receiveKey: Uint8Array.from(session.receiveKey),
    });
    this.session = session;
    return session;
  }

  /** What becomes of a packet that was routed into the device. */
  send(inner: Uint8Array, etherType = inner[0]! >> 4 === 4 ? 0x0800 : 0x86dd) {
    const data = new Uint8Array(14 + inner.length);
    new DataView(data.buffer).setUint16(12, etherType);
    data.set(inner, 14);
    return this.#run('tunnel_inside', data);
  }

  /** What becomes of a packet that comes in. */
  receive(data: Uint8Array) {
    return this.#run('tunnel_underlay', data);
  }

  /** A packet of the peer's, sealed by node:crypto. */
  packet(text: Uint8Array, counter: bigint, { session = this.session, family = 'ipv4' as Family } = {}) {
    const sealed = sealPacket(this.suite, {
      key: session.receiveKey,
      receiver: session.localIndex,
      counter,
      text,
      mtu: defaultMtu(this.suite),
    });
    return outer(sealed, family);
  }

  [Symbol.dispose](): void {
    this.namespace.run(() => this.dataPath.close());
    this.namespace[Symbol.dispose]();
  }

  #run(name: 'tunnel_inside' | 'tunnel_underlay', data: Uint8Array) {
    this.dataPath.stayControlled();
    const program = this.dataPath.program(name);
    const { returnValue, data: packet } = this.namespace.run(() =>
      program.testRun({ data, outputSize: 2 * 9216 }),
    );
    return { verdict: returnValue, packet };
  }
}

/** An Ethernet frame for this machine, which is the loopback interface here. */
export function toUs(spec: Frame): Uint8Array {
  const bytes = frame(spec);
  bytes.fill(0, 0, 6);
  return bytes;
}

/** A UDP packet of the peer's. */
export function outer(payload: Uint8Array, family: Family, changes: Partial<Frame> = {}): Uint8Array {
  const ip = { source: THEM[family], destination: US[family] };
  return toUs({ ip, udp: { sourcePort: PORT, destinationPort: PORT }, payload, ...changes });
}

/** An IP packet, as it is inside. */
export function inner(family: Family, bytes: number, changes: Partial<Frame> = {}): Uint8Array {
  const ip = { source: INSIDE_THEM[family], destination: INSIDE_US[family] };
  const payload = randomBytes(bytes);
  return frame({ ip, udp: { sourcePort: 1, destinationPort: 2 }, payload, ...changes }).subarray(14);
}
