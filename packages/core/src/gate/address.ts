import ipaddr from 'ipaddr.js';
import { BpfError } from '../errors.js';
import type { Address } from './gate.gen.js';

/** A range of addresses: its bytes (4 or 16, host bits zero) and the length of its prefix in bits. */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** The 16 bytes of an address, an IPv4 address as ::ffff:a.b.c.d. Throws ERR_BAD_ADDRESS. */
export function addressBytes(address: string): Uint8Array {
  const parsed = parse(address);
  const mapped = parsed.kind() === 'ipv4' ? (parsed as ipaddr.IPv4).toIPv4MappedAddress() : parsed;
  return Uint8Array.from(mapped.toByteArray());
}

/** As text: what addressBytes() was given, in canonical form. */
export function formatAddress(bytes: Uint8Array): string {
  return ipaddr.process(ipaddr.fromByteArray(Array.from(bytes)).toString()).toString();
}

/** "192.0.2.0/24", "2001:db8::/32" or one address. Throws ERR_BAD_ADDRESS, also when host bits are set. */
export function parsePrefix(text: string): Prefix {
  const slash = text.lastIndexOf('/');
  const address = parse(slash < 0 ? text : text.slice(0, slash));
  const bytes = Uint8Array.from(address.toByteArray());
  const bits = bytes.length * 8;
  const length = slash < 0 ? bits : Number(text.slice(slash + 1));
  if (!/^[^/]+(\/\d{1,3})?$/.test(text) || length > bits) {
    throw new BpfError(
      'ERR_BAD_ADDRESS',
      `"${text}" is no prefix: a length of 0 to ${bits} goes behind the /`,
    );
  }
  if (bytes.some((byte, i) => byte & ~maskByte(length, i))) {
    throw new BpfError('ERR_BAD_ADDRESS', `"${text}" has bits set behind its prefix of ${length} bits`);
  }
  return { bytes, length };
}

/** The mask of a prefix of IPv4 addresses in IPv6 form (add 96), or of IPv6 addresses. */
export function maskBytes(length: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => maskByte(length, i));
}

export function maskAddress(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte & mask[i]!);
}

export function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** struct address: the bytes as they lie in memory, in two words. */
export function toAddress(bytes: Uint8Array): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return { high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) };
}

export function fromAddress(address: Address): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address.high, true);
  view.setBigUint64(8, address.low, true);
  return bytes;
}

function maskByte(length: number, i: number): number {
  const bits = Math.min(8, Math.max(0, length - 8 * i));
  return (0xff00 >> bits) & 0xff;
}

function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  const isWhole = !/^[\d.]+$/.test(address) || ipaddr.IPv4.isValidFourPartDecimal(address);
  if (isWhole && ipaddr.isValid(address) && !address.includes('%')) return ipaddr.parse(address);
  throw new BpfError('ERR_BAD_ADDRESS', `"${address}" is no IPv4 or IPv6 address`);
}
