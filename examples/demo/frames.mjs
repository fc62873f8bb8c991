/* The packets that the flood is made of, as bytes. */

const SYN = 0x02;
const HELLO = 1;
const SOLUTION = 3;
const MAGIC = 0x504f5721;
const CONTROL_PORT = 22305;
const ETHERNET = 14;
const IPV4 = 20;
const SHORTEST_FRAME = 60;

/** A request for a new TCP connection. */
export function synFrame({ port, ...ends }) {
  const segment = Buffer.alloc(20);
  segment.writeUInt16BE(port, 2);
  segment[12] = 5 << 4;
  segment[13] = SYN;
  segment.writeUInt16BE(0xffff, 14);
  return frame(ends, 6, segment, 16);
}

/** A datagram. */
export function udpFrame({ port, payload, ...ends }) {
  const datagram = Buffer.concat([Buffer.alloc(8), payload]);
  datagram.writeUInt16BE(port, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  return frame(ends, 17, datagram, 6);
}

/** A request for a puzzle. */
export function helloFrame(ends) {
  return udpFrame({ ...ends, port: CONTROL_PORT, payload: message(HELLO) });
}

/** An answer to a puzzle that somebody else was given, and a wrong one. */
export function solutionFrame(ends, challenge) {
  const payload = message(SOLUTION);
  payload.set(challenge, 16);
  payload.writeBigUInt64LE(0x1badn, 48);
  return udpFrame({ ...ends, port: CONTROL_PORT, payload });
}

function message(type) {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes[4] = 1;
  bytes[5] = type;
  return bytes;
}

/** Its source address is 0.0.0.0: the flood puts in a forged one, and corrects the checksums. */
function frame({ from, to }, protocol, segment, checksumAt) {
  const bytes = Buffer.alloc(Math.max(ETHERNET + IPV4 + segment.length, SHORTEST_FRAME));
  bytes.set(macBytes(to.mac), 0);
  bytes.set(macBytes(from.mac), 6);
  bytes.writeUInt16BE(0x0800, 12);
  const ip = bytes.subarray(ETHERNET, ETHERNET + IPV4);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4 + segment.length, 2);
  ip[8] = 64;
  ip[9] = protocol;
  ip.set(addressBytes(to.address), 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const pseudo = Buffer.from([0, 0, 0, 0, ...addressBytes(to.address), 0, protocol, 0, segment.length]);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), checksumAt);
  bytes.set(segment, ETHERNET + IPV4);
  return bytes;
}

/** RFC 1071, of an even number of bytes. */
export function checksum(bytes) {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const macBytes = (mac) => mac.split(':').map((byte) => Number.parseInt(byte, 16));
export const addressBytes = (address) => address.split('.').map(Number);
