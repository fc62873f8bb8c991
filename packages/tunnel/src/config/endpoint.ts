import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { BpfError } from '@cryptbpf/core';
import type { Endpoint } from '../contract.js';

const PATTERN = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** "192.0.2.1:51820", "[2001:db8::1]:51820" or "vpn.example:51820". Throws ERR_BAD_VALUE. */
export function parseEndpoint(text: string): Endpoint {
  const [, bracketed, plain, digits] = PATTERN.exec(text) ?? [];
  const port = Number(digits);
  const address = bracketed ?? plain;
  if (address === undefined || port < 1 || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new BpfError('ERR_BAD_VALUE', `endpoint "${text}": expected host:port, or [IPv6 address]:port`);
  }
  return { address, port };
}

/** The same with an address where there was a name. Throws ERR_BAD_VALUE for one that is not known. */
export async function resolveEndpoint(text: string): Promise<Endpoint> {
  const { address, port } = parseEndpoint(text);
  if (isIP(address)) return { address, port };
  try {
    return { address: (await lookup(address)).address, port };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new BpfError('ERR_BAD_VALUE', `endpoint "${text}": no address of ${address} (${code})`, { cause });
  }
}
