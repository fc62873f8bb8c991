import { createHmac, timingSafeEqual } from 'node:crypto';
import { DIFFICULTY, MAGIC, sha256, TYPE } from './frames.mjs';
import { ALLOW } from './lists.mjs';

/*
 * The gate as it would be written for a UDP server in Node: same messages, same checks in the same order, with
 * node:crypto (HMAC-SHA256 where the kernel has SipHash). It leaves out what is cheap there and would cost more
 * here: buckets for answers and prefixes, events.
 */

const MS_PER_HOUR = 3_600_000;
const CHALLENGE_MS = 600_000;
const RATE = { intervalMs: 0.1, burstMs: 2000 };
const TAG = 24;

export class NodeGate {
  #secret;
  #lists;
  #spent = new Map();
  #admitted = new Map();

  constructor(secret, lists) {
    this.#secret = secret;
    this.#lists = lists;
  }

  /** 32 bytes, for a source as a number. */
  issue(source) {
    const challenge = Buffer.alloc(32);
    challenge[0] = 1;
    challenge[1] = DIFFICULTY;
    challenge.writeUInt32BE(1, 4);
    challenge.writeDoubleBE(Date.now(), 8);
    challenge.writeUInt32BE((Math.random() * 2 ** 32) >>> 0, 16);
    challenge.writeUInt32BE((Math.random() * 2 ** 32) >>> 0, 20);
    this.#tag(challenge, source).copy(challenge, TAG);
    return challenge;
  }

  /** Turns a hello into its answer. */
  hello(message, source) {
    if (!isMessage(message, TYPE.hello)) return false;
    for (let i = 16; i < 64; i++) if (message[i] !== 0) return false;
    message[5] = TYPE.challenge;
    this.issue(source).copy(message, 16);
    message.writeUInt32BE(source, 60);
    return true;
  }

  /** Turns a proof that is accepted into its verdict. */
  proof(message, source) {
    if (!isMessage(message, TYPE.proof) || !this.#isGood(message.subarray(16, 48), source)) return false;
    const key = message.latin1Slice(32, 48);
    if (this.#spent.has(key) || sha256(message.subarray(16, 56))[0] >> (8 - DIFFICULTY) !== 0) return false;
    this.#spent.set(key, Date.now() + CHALLENGE_MS);
    this.admit(source);
    message[5] = TYPE.verdict;
    message.fill(0, 16);
    message.writeUInt32BE(3600, 16);
    return true;
  }

  admit(source) {
    this.#admitted.set(source, { expires: Date.now() + MS_PER_HOUR, bucket: 0 });
  }

  /** Whether a packet to a protected port may pass. */
  passes(source) {
    const verdict = this.#lists.verdict(source);
    if (verdict !== undefined) return verdict === ALLOW;
    const admission = this.#admitted.get(source);
    const now = Date.now();
    if (admission === undefined || admission.expires <= now) return false;
    const start = Math.max(admission.bucket, now);
    if (start - now > RATE.burstMs) return false;
    admission.bucket = start + RATE.intervalMs;
    return true;
  }

  #isGood(challenge, source) {
    if (challenge[0] !== 1 || challenge[1] < DIFFICULTY || challenge.readUInt32BE(4) !== 1) return false;
    if (Math.abs(Date.now() - challenge.readDoubleBE(8)) > CHALLENGE_MS) return false;
    return timingSafeEqual(this.#tag(challenge, source), challenge.subarray(TAG, 32));
  }

  #tag(challenge, source) {
    const input = Buffer.allocUnsafe(28);
    challenge.copy(input, 0, 0, TAG);
    input.writeUInt32BE(source, TAG);
    return createHmac('sha256', this.#secret).update(input).digest().subarray(0, 8);
  }
}

function isMessage(message, type) {
  if (message.length !== 64 || message.readUInt32BE(0) !== MAGIC) return false;
  return message[4] === 1 && message[5] === type && message[6] === 0 && message[7] === 0;
}
