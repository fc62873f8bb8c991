import { randomBytes } from 'node:crypto';
import { Netns } from '../../../core/test/support/netns.js';
import type { Session, Suite } from '../../src/contract.js';
import { DataPath, type DataPathOptions } from '../../src/datapath/data-path.js';
import { defaultMtu } from '../../src/datapath/framing.js';
import type { KernelPeerPath } from '../../src/datapath/peer-path.js';
import { Device } from '../../src/device.js';

/*
 *   left                                right
 *   cb0 10.7.0.1, fd07::1               cb0 10.7.0.2, fd07::2         inside
 *   u0  10.99.0.1, fd99::1 ------------ u0  10.99.0.2, fd99::2        underlay
 */

export const PORT = 51820;
export type Family = 'ipv4' | 'ipv6';
export type Side = 'left' | 'right';
export type Cable = 'veth' | 'netkit';

const NUMBER: Record<Side, number> = { left: 1, right: 2 };

export const outerAddress = (side: Side, family: Family) =>
  family === 'ipv4' ? `10.99.0.${NUMBER[side]}` : `fd99::${NUMBER[side]}`;
export const innerAddress = (side: Side, family: Family) =>
  family === 'ipv4' ? `10.7.0.${NUMBER[side]}` : `fd07::${NUMBER[side]}`;

export interface LabOptions {
  readonly suite: Suite;
  /** Of the underlay. */
  readonly outer: Family;
  /** What the underlay is: a pair of this kind. Default veth. */
  readonly cable?: Cable;
  readonly mtu?: number;
  readonly limits?: Partial<Pick<DataPathOptions, 'rejectAfter' | 'rejectAfterMessages'>>;
  /** Where chains are pinned of ends that have an early stage. */
  readonly early?: string;
}

/** One end of the tunnel: its data path, whose only peer is the other one. */
export class End implements Disposable {
  readonly namespace = Netns.create();
  readonly side: Side;
  readonly #options: LabOptions;
  device!: Device;
  dataPath!: DataPath;
  peer!: KernelPeerPath;

  constructor(side: Side, options: LabOptions) {
    this.side = side;
    this.#options = options;
  }

  get other(): Side {
    return this.side === 'left' ? 'right' : 'left';
  }

  up(): void {
    for (const family of ['ipv4', 'ipv6'] as const) {
      this.namespace.addAddress('u0', `${outerAddress(this.side, family)}/${family === 'ipv4' ? 24 : 64}`);
    }
    this.namespace.run(() => this.#up());
  }

  /** The session is still whole afterwards. */
  install(session: Session): void {
    const { sendKey, receiveKey } = session;
    const copies = { sendKey: Uint8Array.from(sendKey), receiveKey: Uint8Array.from(receiveKey) };
    this.peer.install({ ...session, ...copies });
  }

  async locate(): Promise<void> {
    const { outer } = this.#options;
    this.peer.setEndpoint({ address: outerAddress(this.other, outer), port: PORT });
    await new Promise(setImmediate);
  }

  [Symbol.dispose](): void {
    this.namespace.run(() => this.dataPath?.close());
    this.namespace[Symbol.dispose]();
  }

  #up(): void {
    const { suite, outer, mtu = defaultMtu(suite), limits, early } = this.#options;
    const addresses = [`${innerAddress(this.side, 'ipv4')}/24`, `${innerAddress(this.side, 'ipv6')}/64`];
    this.device = Device.create({ name: 'cb0', addresses, mtu });
    this.dataPath = new DataPath({
      suite,
      device: this.device,
      listenPort: PORT,
      maxPeers: 4,
      rejectAfter: 180,
      rejectAfterMessages: 1n << 60n,
      transmit: () => {},
      localAddressTo: async () => outerAddress(this.side, outer),
      ...limits,
      ...(early ? { early: ['u0'], pinPath: early } : {}),
    });
    this.peer = this.dataPath.addPeer();
    for (const family of ['ipv4', 'ipv6'] as const) {
      this.dataPath.allow(this.peer, innerAddress(this.other, family));
    }
  }
}

function lay(cable: Cable, left: Netns, right: Netns): void {
  if (cable === 'veth') {
    Netns.addVeth(left, right, ['u0', 'u0']);
    return;
  }
  left.ip('link', 'add', 'u0', 'type', cable); // iproute2 may be too old to name the other end
  left.ip('link', 'set', 'nk0', 'netns', right.name, 'name', 'u0');
  for (const namespace of [left, right]) namespace.ip('link', 'set', 'u0', 'up');
}

/** Whether the kernel has netkit (6.7, CONFIG_NETKIT): it makes a pair, or knows no such type. */
export function hasNetkit(): boolean {
  using namespace = Netns.create();
  const said = namespace.exec('bash', '-c', 'ip link add u0 type netkit 2>&1 || true').trim();
  if (said !== '' && !said.includes('Unknown device type')) throw new Error(said);
  return said === '';
}

/** Two ends, and the keys that a handshake would have given them. */
export class Lab implements Disposable {
  readonly left: End;
  readonly right: End;
  #index = 1;

  private constructor(options: LabOptions) {
    this.left = new End('left', options);
    this.right = new End('right', options);
  }

  static async create(options: LabOptions): Promise<Lab> {
    const lab = new Lab(options);
    const { left, right } = lab;
    lay(options.cable ?? 'veth', left.namespace, right.namespace);
    for (const end of [left, right]) end.up();
    for (const end of [left, right]) await end.locate();
    return lab;
  }

  /** What a handshake that the left one began would leave. */
  sessions(): Record<Side, Session> {
    const keys = [randomBytes(32), randomBytes(32)] as const;
    const indices = [this.#index++, 0x1000_0000 + this.#index] as const;
    const session = (initiator: boolean): Session => ({
      localIndex: indices[initiator ? 0 : 1],
      remoteIndex: indices[initiator ? 1 : 0],
      sendKey: Uint8Array.from(keys[initiator ? 0 : 1]),
      receiveKey: Uint8Array.from(keys[initiator ? 1 : 0]),
      initiator,
    });
    return { left: session(true), right: session(false) };
  }

  rekey(): Record<Side, Session> {
    const sessions = this.sessions();
    this.right.install(sessions.right);
    this.left.install(sessions.left);
    return sessions;
  }

  ping(family: Family, ...options: string[]): string {
    return this.left.namespace.exec('ping', '-c', '1', '-W', '5', ...options, innerAddress('right', family));
  }

  [Symbol.dispose](): void {
    this.left[Symbol.dispose]();
    this.right[Symbol.dispose]();
  }
}
