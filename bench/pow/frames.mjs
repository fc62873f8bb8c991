import { createHash, hash, randomBytes } from 'node:crypto';

/* Packets of the benchmark, as docs/protocols.md has them. Each is one slot of the map that BPF draws from. */

export const PACKETS = 65536;
export const MESSAGE_FRAME = 106;
export const TRAFFIC_FRAME = 60;
export const CONTROL_PORT = 22305;
export const PROTECTED_PORT = 443;
export const MAGIC = 0x504f5721;
export const TYPE = { hello: 1, challenge: 2, proof: 3, verdict: 4 };
export const DIFFICULTY = 1;

const IP = 14;
const L4 = IP + 20;
const UDP = 17;
const TCP = 6;
export const SYN = 2;
export const ACK = 16;
export const PAYLOAD = L4 + 8;
const CHALLENGE = PAYLOAD + 16;
const NONCE = CHALLENGE + 32;
export const MESSAGE_BYTES = 64;

/** Where frames come from and go to. */
export const PLAIN_ROUTE = {
  macs: Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2),
  destination: Uint8Array.of(198, 18, 0, 1),
};

/** So many different random unicast addresses, as 32-bit numbers, but those that `isRefused`. */
export function randomSources(count, isRefused = () => false) {
  const sources = new Set();
  while (sources.size < count) {
    for (const source of new Uint32Array(new Uint8Array(randomBytes(1 << 16)).buffer)) {
      const first = source >>> 24;
      const isHost = first !== 0 && first !== 10 && first !== 127 && first < 224;
      if (isHost && sources.size < count && !isRefused(source)) sources.add(source);
    }
  }
  return [...sources];
}

/** Writes one frame for each source into the map that BPF draws from. */
export function writeFrames(view, sources, writeFrame) {
  const slots = slotsOf(view);
  for (const [i, source] of sources.entries()) writeFrame(slots(i), source);
}

/** The i-th place of that map. */
export function slotsOf(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const size = view.byteLength / PACKETS;
  return (i) => bytes.subarray(i * size, (i + 1) * size);
}

export function helloFrame(route) {
  return (frame, source) => {
    udp(frame, route, source, CONTROL_PORT);
    header(frame, TYPE.hello);
  };
}

export function tcpFrame(route, flags) {
  return (frame, source) => {
    ipv4(frame, route, source, TCP, 20);
    ports(frame, PROTECTED_PORT);
    frame[L4 + 12] = 5 << 4;
    frame[L4 + 13] = flags;
  };
}

/** To a protected port, for a server that cannot see SYNs. */
export function datagramFrame(route) {
  return (frame, source) => udp(frame, route, source, PROTECTED_PORT);
}

/** challengeOf: the 32 bytes for a source. The nonce is searched for here. */
export function proofFrame(route, challengeOf) {
  return (frame, source) => {
    const challenge = Uint8Array.from(challengeOf(frame, source));
    udp(frame, route, source, CONTROL_PORT);
    header(frame, TYPE.proof);
    frame.set(challenge, CHALLENGE);
    solve(frame.subarray(CHALLENGE, NONCE + 8));
  };
}

/** The challenge in an answer of the gate. */
export function challengeIn(frame) {
  if (frame[PAYLOAD + 5] !== TYPE.challenge) throw new Error('the gate gave no challenge');
  return frame.subarray(CHALLENGE, NONCE);
}

/** Counts up the nonce behind the challenge until the digest begins with enough zero bits. */
function solve(input) {
  const nonce = new DataView(input.buffer, input.byteOffset + 32);
  for (let i = 0; sha256(input)[0] >> (8 - DIFFICULTY) !== 0; i++) nonce.setUint32(0, i, true);
}

/** Node 21.7 brought the one-shot form, which is faster. */
export const sha256 = hash
  ? (bytes) => hash('sha256', bytes, 'buffer')
  : (bytes) => createHash('sha256').update(bytes).digest();

/** Headers of so many bytes of payload, without a checksum of it. */
export function udp(frame, route, source, port, bytes = MESSAGE_BYTES) {
  ipv4(frame, route, source, UDP, 8 + bytes);
  ports(frame, port);
  frame[L4 + 5] = 8 + bytes;
}

/** The checksum of all of that, for an even number of bytes. */
export function setUdpChecksum(frame, bytes = MESSAGE_BYTES) {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint16(L4 + 6, UDP + 8 + bytes);
  view.setUint16(L4 + 6, checksum(view, IP + 12, 8 + 8 + bytes) || 0xffff);
}

function header(frame, type) {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(PAYLOAD, MAGIC);
  frame[PAYLOAD + 4] = 1;
  frame[PAYLOAD + 5] = type;
}

function ports(frame, destination) {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint16(L4, 40_000);
  view.setUint16(L4 + 2, destination);
}

function ipv4(frame, { macs, destination }, source, protocol, bytes) {
  const view = new DataView(frame.buffer, frame.byteOffset);
  frame.fill(0);
  frame.set(macs);
  view.setUint16(12, 0x0800);
  frame[IP] = 0x45;
  view.setUint16(IP + 2, 20 + bytes);
  frame[IP + 8] = 64;
  frame[IP + 9] = protocol;
  view.setUint32(IP + 12, source);
  frame.set(destination, IP + 16);
  view.setUint16(IP + 10, checksum(view, IP, 20));
}

function checksum(view, offset, length) {
  let sum = 0;
  for (let i = 0; i < length; i += 2) sum += view.getUint16(offset + i);
  while (sum >>> 16) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
