import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { BpfError } from '@cryptbpf/core';
import type { TunnelOptions } from './tunnel.js';

/** Of VXLAN, and so let through by many networks. */
const DEFAULT_INLINE_PORT = 4789;

type Shared = 'privateKey' | 'suite' | 'mtu' | 'pinPath' | 'early' | 'rekeyAfter' | 'aesDriver';

/** Two hosts between which all is sealed that goes from one address to the other at an interface. */
export interface InlineOptions extends Pick<TunnelOptions, Shared> {
  /** Also "lo", where both addresses are this host's: both ends are tunnels of its own then. */
  readonly interface: string;
  /** One of the interface's. */
  readonly localIp: string;
  readonly remoteIp: string;
  /** UDP. Default 4789. */
  readonly localPort?: number;
  /** UDP. Default 4789. */
  readonly remotePort?: number;
  /** The other host's, in base64. */
  readonly publicKey: string;
  /** In base64. */
  readonly presharedKey?: string;
  /** Of the device that packets go through, at most 12 characters. Default: "cb-" and the interface's. */
  readonly name?: string;
}

/** The tunnel that it is. Throws ERR_BAD_ADDRESS. */
export function inlineOptions(options: InlineOptions): TunnelOptions {
  const {
    interface: inline,
    localIp,
    remoteIp,
    localPort,
    remotePort,
    publicKey,
    presharedKey,
    ...shared
  } = options;
  check(inline, localIp, remoteIp);
  const port = remotePort ?? DEFAULT_INLINE_PORT;
  const endpoint = isIPv6(remoteIp) ? `[${remoteIp}]:${port}` : `${remoteIp}:${port}`;
  return {
    name: `cb-${inline}`.slice(0, 12),
    ...shared,
    inline,
    address: [],
    localAddress: localIp,
    listenPort: localPort ?? DEFAULT_INLINE_PORT,
    peers: [{ publicKey, endpoint, allowedIPs: [remoteIp], ...(presharedKey ? { presharedKey } : {}) }],
  };
}

function check(interfaceName: string, localIp: string, remoteIp: string): void {
  const own = (networkInterfaces()[interfaceName] ?? []).map(({ address }) => address);
  if (!own.includes(localIp)) {
    const there = own.length > 0 ? own.join(', ') : 'none';
    throw new BpfError('ERR_BAD_ADDRESS', `${localIp} is no address of ${interfaceName}: there are ${there}`);
  }
  if (isIP(localIp) !== isIP(remoteIp)) {
    throw new BpfError('ERR_BAD_ADDRESS', `"${remoteIp}" is not of the same family as ${localIp}`);
  }
}
