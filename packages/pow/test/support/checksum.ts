/** RFC 1071 over bytes, with the two at `skip` (even) taken for 0: where the sum itself lies. */
export function internetChecksum(bytes: Uint8Array, skip = -1): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    if (i !== skip) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Of RFC 8200, 8.1; addresses of 16 bytes. An IPv4 one adds 0xffff, which counts as 0: RFC 768 alike. */
export function pseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): Uint8Array {
  const bytes = Buffer.alloc(40);
  bytes.set(source, 0);
  bytes.set(destination, 16);
  bytes.writeUInt32BE(length, 32);
  bytes[39] = protocol;
  return bytes;
}
