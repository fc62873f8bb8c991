import { createHash, createPublicKey, verify } from 'node:crypto';
import { AUDIENCE } from './packets.mjs';
import { SipHash128 } from './siphash.mjs';

/*
 * The gate as it would be written for a UDP server in Node: the same checks in the same order, with node:crypto. It
 * leaves out what is cheap there and would cost more here: budgets, events, statistics.
 */

const MAGIC = 0x5147beef;
const FRESHNESS_S = 3600;
const WINDOW = 1024;
const SIGNED = 96;
const SESSION = 40;
const HEAD = 64;

/** The counters that have come of one sender. */
class Window {
  #largest = 0;
  #seen = new Float64Array(WINDOW);

  isFresh(counter) {
    return counter > 0 && counter > this.#largest - WINDOW && this.#seen[counter % WINDOW] !== counter;
  }

  take(counter) {
    this.#seen[counter % WINDOW] = counter;
    if (counter > this.#largest) this.#largest = counter;
  }
}

export class NodeGate {
  #keys = new Map();
  #sessions = new Map();
  #signed = Buffer.alloc(2048);
  #tagged = Buffer.alloc(2048);

  constructor({ keys, sessions }) {
    for (const { id, publicPem } of keys) {
      const key = { key: createPublicKey(publicPem), dsaEncoding: 'ieee-p1363' };
      this.#keys.set(id, { key, windows: new Map() });
    }
    for (const { id, key } of sessions) {
      const mac = new SipHash128(Buffer.from(key, 'hex'));
      this.#sessions.set(Number(BigInt(id) >> 32n) * 2 ** 20 + Number(BigInt(id) & 0xfffffn), {
        id,
        mac,
        window: new Window(),
      });
    }
    this.#signed.write('cryptbpf signed-auth v1');
    createHash('sha256').update(AUDIENCE).digest().copy(this.#signed, 32);
  }

  /** The payload of the application; undefined: the packet is refused. */
  judge(packet) {
    const foot = packet.length - 8;
    if (foot < 0 || packet.readUInt32BE(foot + 4) !== MAGIC || packet[foot] !== 1) return undefined;
    if (packet.readUInt16BE(foot + 2) !== 0) return undefined;
    if (packet[foot + 1] === 1) return this.#judgeSigned(packet, packet.length - SIGNED);
    return packet[foot + 1] === 3 ? this.#judgeSession(packet, packet.length - SESSION) : undefined;
  }

  #judgeSigned(packet, at) {
    if (at < 0) return undefined;
    const trusted = this.#keys.get(packet.readUInt16BE(at + 20));
    if (!trusted) return undefined;
    if (Math.abs(packet.readUInt32BE(at + 16) - Date.now() / 1000) > FRESHNESS_S) return undefined;
    const instance = packet.latin1Slice(at, at + 8);
    const counter = packet.readUInt32BE(at + 8) * 2 ** 32 + packet.readUInt32BE(at + 12);
    const window = trusted.windows.get(instance) ?? new Window();
    if (!window.isFresh(counter)) return undefined;
    packet.copy(this.#signed, HEAD, 0, at + 24);
    const signed = this.#signed.subarray(0, HEAD + at + 24);
    if (!verify('sha256', signed, trusted.key, packet.subarray(at + 24, at + 88))) return undefined;
    trusted.windows.set(instance, window);
    window.take(counter);
    return packet.subarray(0, at);
  }

  #judgeSession(packet, at) {
    if (at < 0) return undefined;
    const index = packet.readUInt32BE(at) * 2 ** 20 + (packet.readUInt32BE(at + 4) & 0xfffff);
    const session = this.#sessions.get(index);
    const counter = packet.readUInt32BE(at + 8) * 2 ** 32 + packet.readUInt32BE(at + 12);
    if (!session?.window.isFresh(counter)) return undefined;
    const tag = at + 16;
    packet.copy(this.#tagged, 0, 0, tag);
    session.mac.append(this.#tagged, tag);
    if (packet.compare(this.#tagged, tag, tag + 16, tag, tag + 16) !== 0) return undefined;
    session.window.take(counter);
    return packet.subarray(0, at);
  }
}
