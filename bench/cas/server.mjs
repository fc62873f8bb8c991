import { createHash, hash } from 'node:crypto';
import { Counter, listen, serve } from '../lib/udp-server.mjs';
import { PORT } from './packets.mjs';

/* The baseline: a server that checks for itself what it receives. */

const HEADER = 44;
const CHUNK_HEADER = 92;

/** In one call where this Node has it, which is faster. */
const sha256 = hash
  ? (bytes) => hash('sha256', bytes, 'buffer')
  : (bytes) => createHash('sha256').update(bytes).digest();
const manifest = Buffer.from('CASTREE1'.padEnd(52));
const leaf = Buffer.alloc(1 + 8192);
const node = Buffer.alloc(65, 1);

function holds(packet) {
  if (packet.length < HEADER || packet.readUInt32BE(0) !== 0xca5ca5ca || packet[4] !== 1) return false;
  if (packet.readUInt16BE(6) !== 0) return false;
  return packet[5] === 1 ? contentHolds(packet) : packet[5] === 2 && chunkHolds(packet);
}

function contentHolds(packet) {
  if (packet.length !== HEADER + packet.readUInt32BE(8)) return false;
  return sha256(packet.subarray(HEADER)).compare(packet, 12, HEADER) === 0;
}

function chunkHolds(packet) {
  if (packet.length < CHUNK_HEADER) return false;
  const length = packet.readUInt32BE(8);
  const index = packet.readUInt32BE(44);
  const size = packet.readUInt32BE(48) * 2 ** 32 + packet.readUInt32BE(52);
  const chunkBytes = packet.readUInt32BE(56);
  const last = Math.ceil(size / chunkBytes) - 1;
  if (!(index <= last) || length !== Math.min(chunkBytes, size - index * chunkBytes)) return false;
  packet.copy(manifest, 8, 48, CHUNK_HEADER);
  if (sha256(manifest).compare(packet, 12, HEADER) !== 0) return false;
  return climb(packet, { length, index, last }).compare(packet, 60, CHUNK_HEADER) === 0;
}

function climb(packet, { length, index, last }) {
  packet.copy(leaf, 1, CHUNK_HEADER, CHUNK_HEADER + length);
  let hash = sha256(leaf.subarray(0, 1 + length));
  let at = CHUNK_HEADER + length;
  for (let own = index, end = last; end > 0; own = Math.floor(own / 2), end = Math.floor(end / 2)) {
    const isRight = own % 2 === 1;
    if (!isRight && own === end) continue;
    packet.copy(node, isRight ? 1 : 33, at, at + 32);
    hash.copy(node, isRight ? 33 : 1);
    hash = sha256(node);
    at += 32;
  }
  return at === packet.length ? hash : Buffer.alloc(32);
}

let passes;
let counter;

const COMMANDS = {
  /** passes: whether the packets are to pass. */
  begin(options) {
    passes = options.passes;
    counter = new Counter();
  },
  end() {
    const { samples, handled, wrong } = counter;
    return { samples, handled, wrong };
  },
};

await listen(PORT, (_, message) => counter.count(holds(message) === passes));
serve(COMMANDS);
