import { createHash, hash } from 'node:crypto';
import { Counter, listen, serve } from '../lib/udp-server.mjs';
import { CLIENT, macOf, PAYLOAD, PORT } from './packets.mjs';

/* The baseline: a server that checks the tag, hashes, and answers with a tag. It remembers no counters. */

/** In one call where this Node has it, which is faster. */
const sha256 = hash
  ? (bytes) => hash('sha256', bytes, 'buffer')
  : (bytes) => createHash('sha256').update(bytes).digest();
const reply = Buffer.alloc(80);
const own = Buffer.alloc(PAYLOAD);
let mac;
let counter;

const COMMANDS = {
  prepare({ key }) {
    mac = macOf(key);
  },
  begin() {
    counter = new Counter();
  },
  end() {
    const { samples, handled, wrong } = counter;
    return { samples, handled, wrong };
  },
};

function answer(socket, packet, peer) {
  if (packet.length !== PAYLOAD || packet.readUInt32BE(0) !== 0x0ff10ad0 || packet.readUInt32BE(8) !== CLIENT)
    return false;
  packet.copy(own, 0, 0, PAYLOAD - 16);
  mac.append(own, PAYLOAD - 16);
  if (own.compare(packet, PAYLOAD - 16, PAYLOAD, PAYLOAD - 16, PAYLOAD) !== 0) return false;
  packet.copy(reply, 0, 0, 32);
  reply[5] = 2;
  reply[7] = 1;
  reply.writeUInt32BE(32, 20);
  sha256(packet.subarray(32, 32 + packet.readUInt32BE(20))).copy(reply, 32);
  mac.append(reply, 64);
  socket.send(reply, peer.port, peer.address);
  return true;
}

await listen(PORT, (socket, message, peer) => counter.count(answer(socket, message, peer)));
serve(COMMANDS);
