/** The 16 bytes of an address, an IPv4 address as ::ffff:a.b.c.d. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) {
    return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...text.split('.').map(Number));
  }
  const [head = '', tail] = text.split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  return Uint8Array.from([...before, ...new Array(16 - before.length - after.length).fill(0), ...after]);
}

/** An address as two words, as they lie in the memory of a little-endian machine. */
export function addressWords(bytes: Uint8Array): { high: bigint; low: bigint } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) };
}

/** A mask with its first bits set. */
export function prefixMask(bits: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => maskByte(bits, i));
}

/** Byte number index of such a mask. */
export function maskByte(bits: number, index: number): number {
  return (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff;
}

/** "192.0.2.0/24" as 128 bits, with the number of those that count. */
export function parsePrefix(text: string): { address: Uint8Array; bits: number } {
  const [address = '', length] = text.split('/');
  return { address: addressBytes(address), bits: Number(length) + (address.includes(':') ? 0 : 96) };
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
