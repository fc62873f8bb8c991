/* IPv4 in Ethernet, as it would come in from a peer. */

const HERE = [192, 0, 2, 1];
const UDP = 17;
const TCP = 6;
const SYN = 0x02;

function packet(source, protocol, transport) {
  const frame = Buffer.alloc(34 + transport.length);
  frame.writeUInt16BE(0x0800, 12);
  frame[14] = 0x45;
  frame.writeUInt16BE(20 + transport.length, 16);
  frame[22] = 64;
  frame[23] = protocol;
  frame.set(source.split('.').map(Number), 26);
  frame.set(HERE, 30);
  frame.set(transport, 34);
  return new Uint8Array(frame);
}

/** A message to the gate's control port. */
export function controlFrame(source, port, message) {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(40_000);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(8 + message.length, 4);
  return packet(source, UDP, Buffer.concat([udp, message]));
}

/** What a stranger begins a TCP connection with. */
export function strangerFrame(source, port) {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(40_000);
  tcp.writeUInt16BE(port, 2);
  tcp[12] = 0x50;
  tcp[13] = SYN;
  return packet(source, TCP, tcp);
}
