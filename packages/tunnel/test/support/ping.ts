/* The packets of ping, as they are inside of a tunnel. */

const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;
const IPV4_BYTES = 20;

/** An echo request over IPv4. */
export function ping(from: string, to: string): Uint8Array {
  const icmp = Uint8Array.of(ECHO_REQUEST, 0, 0, 0, 0, 1, 0, 1);
  new DataView(icmp.buffer).setUint16(2, checksum(icmp));
  const address = (text: string) => text.split('.').map(Number);
  const packet = Uint8Array.of(
    0x45,
    0,
    0,
    28,
    0,
    0,
    0,
    0,
    64,
    1,
    0,
    0,
    ...address(from),
    ...address(to),
    ...icmp,
  );
  new DataView(packet.buffer).setUint16(10, checksum(packet.subarray(0, IPV4_BYTES)));
  return packet;
}

export function isEchoReply(packet: Uint8Array): boolean {
  return packet[9] === 1 && packet[IPV4_BYTES] === ECHO_REPLY;
}

export function isUdp(packet: Uint8Array): boolean {
  return packet[9] === 17;
}

function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
