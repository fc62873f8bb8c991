export const ADDRESS_LENGTH = 16;

/** The text of an address of 16 bytes: dotted for ::ffff:0:0/96, else as RFC 5952 writes it. */
export function formatAddress(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getBigUint64(0) === 0n && view.getUint32(8) === 0xffff) return bytes.subarray(12, 16).join('.');
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i).toString(16));
  return shortenZeros(groups.join(':'));
}

/**
 * The 16 bytes of an address, an IPv4 address as ::ffff:a.b.c.d.
 *
 * @throws TypeError when the text is no IPv4 or IPv6 address; one with a zone (`%eth0`) is none.
 */
export function addressBytes(text: string): Uint8Array {
  const bytes = text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
  if (bytes?.length !== ADDRESS_LENGTH) throw new TypeError(`"${text}" is no IPv4 or IPv6 address`);
  return Uint8Array.from(bytes);
}

function ipv4Bytes(text: string): number[] | undefined {
  const octets = octetsOf(text);
  return octets && [...Array<number>(10).fill(0), 0xff, 0xff, ...octets];
}

function octetsOf(text: string): number[] | undefined {
  const parts = text.split('.');
  const octets = parts.map(Number);
  const isDotted = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part));
  return isDotted && octets.every((octet) => octet < 256) ? octets : undefined;
}

function ipv6Bytes(text: string): number[] | undefined {
  const halves = text.split('::');
  const [head, tail] = halves.map((half, i) => groupBytes(half, i === halves.length - 1));
  if (halves.length === 1) return head;
  if (halves.length > 2 || !head || !tail) return undefined;
  const zeros = ADDRESS_LENGTH - head.length - tail.length;
  return zeros > 0 ? [...head, ...Array<number>(zeros).fill(0), ...tail] : undefined;
}

/** The bytes of groups of hexadecimal digits; the last one of an address may be dotted. */
function groupBytes(text: string, isEnd: boolean): number[] | undefined {
  const bytes: number[] = [];
  const groups = text === '' ? [] : text.split(':');
  for (const [i, group] of groups.entries()) {
    const octets = isEnd && i === groups.length - 1 ? octetsOf(group) : undefined;
    const value = Number.parseInt(group, 16);
    if (octets) bytes.push(...octets);
    else if (/^[\da-f]{1,4}$/i.test(group)) bytes.push(value >> 8, value & 0xff);
    else return undefined;
  }
  return bytes;
}

function shortenZeros(address: string): string {
  const runs = address.match(/\b0(:0\b)+/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return address;
  const at = address.search(new RegExp(`\\b${longest}\\b`));
  const [before, after] = [address.slice(0, at), address.slice(at + longest.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}
