import { writeFileSync } from 'node:fs';
import { BpfError, interfaceIndex, setOffloads } from '@cryptbpf/core';
import { ip, ipBatch, LOOPBACK } from './ip.js';

/*
 * The device that packets are routed into, and its other end, where the programs find them:
 *
 *   routes ─▶ cb0 ═══════ cb0-in ─▶ sealed, and out by the underlay
 *   stack  ◀─ cb0 ═══════ cb0-in ◀─ opened, from the underlay
 *
 * Nothing of the other end ever reaches the stack: no packet that comes out there has its MAC address, so that
 * without a program all are dropped.
 */

export interface DeviceOptions {
  /** At most 12 characters, as the other end is called `<name>-in`. */
  readonly name: string;
  /** With their prefix lengths: "10.7.0.1/24". */
  readonly addresses: readonly string[];
  /** In bytes, of the packets inside. */
  readonly mtu: number;
  /** An interface by which the way back leads of packets that come out of it. */
  readonly inline?: string | undefined;
}

const NAME = /^[A-Za-z0-9_.-]{1,12}$/;
const MTU_MIN = 1280;
const MTU_MAX = 9100;
/** The other end also takes packets on a detour, which are larger than those inside. */
const INSIDE_MTU = 65_535;

export class Device {
  readonly name: string;
  readonly inside: string;
  readonly mtu: number;
  readonly ifindex: number;
  readonly insideIfindex: number;
  /** Six bytes. */
  readonly mac: Uint8Array;

  private constructor({ name, mtu }: DeviceOptions) {
    this.name = name;
    this.inside = insideOf(name);
    this.mtu = mtu;
    this.ifindex = interfaceIndex(name);
    this.insideIfindex = interfaceIndex(this.inside);
    this.mac = macOf(name);
  }

  /**
   * Makes it, up and with its addresses; no packet goes anywhere yet. Throws ERR_BAD_OPTION, ERR_EXISTS when there is
   * an interface of that name, ERR_NOT_FOUND without iproute2's ip.
   */
  static create(options: DeviceOptions): Device {
    check(options);
    const { name, addresses, mtu } = options;
    const inside = insideOf(name);
    ip('link', 'add', name, 'mtu', `${mtu}`, 'type', 'veth', 'peer', 'name', inside, 'mtu', `${INSIDE_MTU}`);
    try {
      for (const end of [name, inside]) {
        ip('link', 'set', end, 'arp', 'off', 'multicast', 'off', 'addrgenmode', 'none');
      }
      setOffloads(name, { 'tx-checksum': false, tso: false, gso: true, gro: true });
      setOffloads(inside, { tso: false, gro: false });
      forwardFrom(inside);
      if (options.inline !== undefined) acceptWaysBack(name, options.inline);
      for (const end of [inside, name]) ip('link', 'set', end, 'up');
      for (const address of addresses) addAddress(name, address);
      return new Device(options);
    } catch (error) {
      ip('link', 'delete', name);
      throw error;
    }
  }

  /** The one that an earlier controller left; undefined: there is none of that name. */
  static find(options: DeviceOptions): Device | undefined {
    check(options);
    try {
      interfaceIndex(insideOf(options.name));
    } catch {
      return undefined;
    }
    return new Device(options);
  }

  /** What may be another than when it was made. */
  configure({ addresses, mtu }: DeviceOptions): void {
    ip('link', 'set', this.name, 'mtu', `${mtu}`);
    for (const address of addresses) addAddress(this.name, address);
  }

  /** Whether an interface is one of its ends. */
  has(interfaceName: string): boolean {
    return interfaceName === this.name || interfaceName === this.inside;
  }

  addRoutes(prefixes: readonly string[]): void {
    ipBatch(prefixes.map((prefix) => `route replace ${prefix} dev ${this.name}`));
  }

  /** Those that are there. */
  removeRoutes(prefixes: readonly string[]): void {
    const flush = (some: readonly string[]) => some.map((prefix) => `route flush ${prefix} dev ${this.name}`);
    ipBatch(flush(prefixes.filter((prefix) => !prefix.includes(':'))), '-4');
    ipBatch(flush(prefixes.filter((prefix) => prefix.includes(':'))), '-6');
  }

  /** Takes it away, and with it addresses and routes. */
  remove(): void {
    ip('link', 'delete', this.name);
  }
}

function insideOf(name: string): string {
  return `${name}-in`;
}

function check({ name, mtu }: DeviceOptions): void {
  if (!NAME.test(name)) {
    const message = `device name "${name}": 1 to 12 letters, digits, dots, dashes or underscores`;
    throw new BpfError('ERR_BAD_OPTION', message);
  }
  if (!Number.isInteger(mtu) || mtu < MTU_MIN || mtu > MTU_MAX) {
    throw new BpfError('ERR_BAD_OPTION', `mtu ${mtu}: from ${MTU_MIN} to ${MTU_MAX} bytes`);
  }
}

function addAddress(name: string, address: string): void {
  ip('address', 'replace', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []));
}

/**
 * The programs ask for the way to a peer as for a packet that is forwarded from the other end; the kernel answers
 * only where forwarding is on. Since nothing of that end reaches the stack, nothing is forwarded from it.
 */
function forwardFrom(inside: string): void {
  for (const family of ['ipv4', 'ipv6']) {
    try {
      writeFileSync(`/proc/sys/net/${family}/conf/${inside}/forwarding`, '1');
    } catch (error) {
      if (family === 'ipv4' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** For devices that need an address and have none (RFC 7600). */
const DUMMY_ADDRESS = '192.0.0.8/32';

/**
 * Inline, packets come out of the device whose way back is by another interface. The kernel takes them where it only
 * asks whether there is a way at all, on a device that has an IPv4 address.
 */
function acceptWaysBack(name: string, interfaceName: string): void {
  ip('address', 'add', DUMMY_ADDRESS, 'dev', name, 'scope', 'link');
  const settings = `/proc/sys/net/ipv4/conf/${name}`;
  writeFileSync(`${settings}/rp_filter`, '2');
  if (interfaceName === LOOPBACK) writeFileSync(`${settings}/accept_local`, '1');
}

function macOf(name: string): Uint8Array {
  const [link] = JSON.parse(ip('-json', 'link', 'show', 'dev', name)) as [{ address: string }];
  return Uint8Array.from(link.address.split(':'), (byte) => Number.parseInt(byte, 16));
}
