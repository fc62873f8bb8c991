import { isIP } from 'node:net';
import { BpfError } from '@cryptbpf/core';
import type { Suite } from '../contract.js';
import { formatKey, parseKey, parsePublicKey, publicKeyOf } from '../keys.js';
import { wipe } from '../noise/bytes.js';
import { parseEndpoint } from './endpoint.js';
import { type Entry, errorAt, readSections, type Section } from './ini.js';

/** A peer, as configured. Keys are in base64. */
export interface PeerConfig {
  readonly publicKey: string;
  readonly presharedKey?: string;
  /** "host:port", "[IPv6 address]:port"; without one, the peer has to begin. */
  readonly endpoint?: string;
  /** Whether the peer stays at its endpoint, wherever its packets come from. */
  readonly pinEndpoint?: boolean;
  /** Prefixes of the addresses that are its inside of the tunnel. */
  readonly allowedIPs: readonly string[];
  /** Seconds, 1 to 65535. */
  readonly persistentKeepalive?: number;
}

/** What a configuration file says; all of it is an option of Tunnel.up(). */
export interface TunnelConfig {
  readonly suite: Suite;
  readonly privateKey: string;
  /** With their prefix lengths. */
  readonly address: readonly string[];
  readonly listenPort?: number;
  readonly mtu?: number;
  readonly peers: readonly PeerConfig[];
}

const SUITES: readonly Suite[] = ['wireguard', 'aes-256-gcm'];

/** Of wg-quick's, what is not done here, and why. */
const NOT_SUPPORTED: Readonly<Record<string, string>> = {
  dns: 'set the resolver of the host elsewhere',
  preup: 'commands are not run',
  postup: 'commands are not run',
  predown: 'commands are not run',
  postdown: 'commands are not run',
};

/** Keys that may have a value which asks for nothing. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  table: ['auto'],
  fwmark: ['off', '0', '0x0'],
  saveconfig: ['false'],
};

/**
 * Reads the format of wg-quick(8), with two keys of our own: `Suite = aes-256-gcm` in [Interface] (default: wireguard)
 * and `PinEndpoint = true` in [Peer]. Keys that ask for what is not done are refused, not passed over. Throws
 * ERR_BAD_VALUE with the number of the line.
 */
export function parseConfig(text: string): TunnelConfig {
  const sections = readSections(text);
  const interfaces = sections.filter(({ name }) => name === 'Interface');
  const [first, second] = interfaces;
  if (!first) throw new BpfError('ERR_BAD_VALUE', 'configuration has no section [Interface]');
  if (second) throw errorAt(second.line, `[Interface] is in line ${first.line} already`);
  const own = readInterface(new Fields(first));
  const peers = sections.filter(({ name }) => name === 'Peer');
  const read = peers.map((section) => readPeer(new Fields(section), own.suite));
  refuseSelf(own, read, peers);
  refuseTwice(
    read.map(({ publicKey }) => [publicKey]),
    peers,
    'public key',
  );
  refuseTwice(
    read.map(({ allowedIPs }) => allowedIPs),
    peers,
    'allowed IP',
  );
  return { ...own, peers: read };
}

function readInterface(fields: Fields): Omit<TunnelConfig, 'peers'> {
  const suite = fields.one('Suite', readSuite) ?? 'wireguard';
  const privateKey = fields.one('PrivateKey', (value) => readPrivateKey(value, suite));
  const listenPort = fields.one('ListenPort', numberFrom(0, 65_535));
  const mtu = fields.one('MTU', numberFrom(576, 65_535));
  const address = fields.list('Address', readPrefix);
  fields.refuseOthers();
  if (privateKey === undefined) throw errorAt(fields.line, '[Interface] has no PrivateKey');
  return {
    suite,
    privateKey,
    address,
    ...(listenPort === undefined ? {} : { listenPort }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function readPeer(fields: Fields, suite: Suite): PeerConfig {
  const publicKey = fields.one('PublicKey', (value) => formatKey(parsePublicKey(value, suite)));
  const presharedKey = fields.one('PresharedKey', readSecret);
  const endpoint = fields.one('Endpoint', readEndpoint);
  const pinEndpoint = fields.one('PinEndpoint', readBoolean);
  const persistentKeepalive = fields.one('PersistentKeepalive', readKeepalive);
  const allowedIPs = fields.list('AllowedIPs', readPrefix);
  fields.refuseOthers();
  if (publicKey === undefined) throw errorAt(fields.line, '[Peer] has no PublicKey');
  return {
    publicKey,
    allowedIPs,
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(pinEndpoint === undefined ? {} : { pinEndpoint }),
    ...(persistentKeepalive ? { persistentKeepalive } : {}),
  };
}

/** The entries of a section, taken one key after the other. */
class Fields {
  readonly line: number;
  readonly #name: string;
  #rest: readonly Entry[];

  constructor({ name, line, entries }: Section) {
    this.line = line;
    this.#name = name;
    this.#rest = entries;
  }

  one<T>(key: string, read: (value: string) => T): T | undefined {
    const [first, second] = this.#take(key);
    if (second) throw errorAt(second.line, `${key} is in line ${first!.line} already`);
    return first && readAt(first, key, read);
  }

  /** Of all lines with that key, what is between commas. */
  list<T>(key: string, read: (value: string) => T): T[] {
    return this.#take(key).flatMap((entry) => {
      const values = entry.value === '' ? [] : entry.value.split(',');
      return values.map((value) => readAt({ ...entry, value: value.trim() }, key, read));
    });
  }

  refuseOthers(): void {
    for (const { key, value, line } of this.#rest) {
      const name = key.toLowerCase();
      if (HARMLESS[name]?.includes(value.toLowerCase())) continue;
      const why = NOT_SUPPORTED[name];
      if (why) throw errorAt(line, `${key} is not supported: ${why}; take the line out`);
      if (HARMLESS[name]) throw errorAt(line, `${key} can only be ${HARMLESS[name][0]} here`);
      throw errorAt(line, `[${this.#name}] has no key "${key}"`);
    }
  }

  #take(key: string): readonly Entry[] {
    const isIt = (entry: Entry) => entry.key.toLowerCase() === key.toLowerCase();
    const taken = this.#rest.filter(isIt);
    this.#rest = this.#rest.filter((entry) => !isIt(entry));
    return taken;
  }
}

function readAt<T>({ value, line }: Entry, key: string, read: (value: string) => T): T {
  try {
    return read(value);
  } catch (cause) {
    throw errorAt(line, `${key}: ${(cause as Error).message}`, cause);
  }
}

function readSuite(value: string): Suite {
  const suite = SUITES.find((each) => each === value.toLowerCase());
  if (suite) return suite;
  throw bad(`"${value}", expected ${SUITES.join(' or ')}`);
}

/** Throws for one that is none of the suite's; it is not in the message. */
function readPrivateKey(value: string, suite: Suite): string {
  publicKeyOf(value, suite);
  return value;
}

function readSecret(value: string): string {
  wipe(parseKey(value, 'preshared key'));
  return value;
}

function readEndpoint(value: string): string {
  parseEndpoint(value);
  return value;
}

function readBoolean(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw bad(`"${value}", expected true or false`);
}

function readKeepalive(value: string): number {
  return value === 'off' ? 0 : numberFrom(0, 65_535)(value);
}

function numberFrom(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    throw bad(`"${value}", expected an integer from ${min} to ${max}`);
  };
}

/** An address with the length of a prefix, or without for one address. Bits behind the prefix may be set. */
function readPrefix(value: string): string {
  const [address = '', length, ...more] = value.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0) throw bad(`"${value}", expected an IPv4 or IPv6 address`);
  const bits = family === 4 ? 32 : 128;
  if (length === undefined) return `${address}/${bits}`;
  if (more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    throw bad(`"${value}", expected a prefix length of 0 to ${bits} behind the /`);
  }
  return value;
}

function refuseSelf(
  { privateKey, suite }: Omit<TunnelConfig, 'peers'>,
  peers: PeerConfig[],
  at: Section[],
): void {
  const own = publicKeyOf(privateKey, suite);
  const self = peers.findIndex(({ publicKey }) => publicKey === own);
  if (self >= 0) throw errorAt(at[self]!.line, 'public key of this [Peer] is the one of [Interface] itself');
}

/** No two peers may have the same of what tells them apart. */
function refuseTwice(values: readonly (readonly string[])[], at: Section[], what: string): void {
  const lines = new Map<string, number>();
  for (const [i, own] of values.entries()) {
    const { line } = at[i]!;
    for (const value of own) {
      const before = lines.get(value);
      if (before !== undefined && before !== line) {
        throw errorAt(line, `${what} ${value} is the one of the [Peer] in line ${before} already`);
      }
      lines.set(value, line);
    }
  }
}

function bad(message: string): BpfError {
  return new BpfError('ERR_BAD_VALUE', message);
}
