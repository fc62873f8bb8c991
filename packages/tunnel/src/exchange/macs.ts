import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../contract.js';
import { equal, utf8, wipe } from '../noise/bytes.js';
import { COOKIE_NONCE_BYTES, type CookieMessage, MAC_BYTES, writeCookie } from './messages.js';
import type { TunnelSuite } from './suite.js';

/*
 * mac1 says that the sender knows whom he writes to. Under load mac2 is asked for too: it says that he receives at the
 * address that he writes from, since he got a cookie there. Both are checked before any work on curves.
 */

const LABEL_MAC1 = utf8('mac1----');
const LABEL_COOKIE = utf8('cookie--');

/** Milliseconds that a cookie is good for. */
export const COOKIE_REFRESH_MS = 120_000;

/** What is derived from the public key of the one who receives. */
function receiverKeys(suite: TunnelSuite, publicKey: Uint8Array) {
  const { hash } = suite.noise.hash;
  return { mac1: hash(LABEL_MAC1, publicKey), cookie: hash(LABEL_COOKIE, publicKey) };
}

/** Puts MACs on the messages to one peer, with the last cookie that he gave. */
export class MacWriter {
  readonly #suite: TunnelSuite;
  readonly #keys: ReturnType<typeof receiverKeys>;
  #lastMac1: Uint8Array | undefined;
  #cookie: Uint8Array | undefined;
  #cookieMs = 0;

  constructor(suite: TunnelSuite, receiver: Uint8Array) {
    this.#suite = suite;
    this.#keys = receiverKeys(suite, receiver);
  }

  /** In place. */
  write(message: Uint8Array, nowMs: number): void {
    const mac1At = message.length - 2 * MAC_BYTES;
    const mac2At = message.length - MAC_BYTES;
    this.#lastMac1 = this.#suite.mac(this.#keys.mac1, message.subarray(0, mac1At));
    message.set(this.#lastMac1, mac1At);
    if (!this.#cookie || nowMs - this.#cookieMs > COOKIE_REFRESH_MS) return;
    message.set(this.#suite.mac(this.#cookie, message.subarray(0, mac2At)), mac2At);
  }

  /** Whether it is the answer to the last message that was written; if so, the next message has its cookie. */
  takeCookie({ nonce, sealed }: CookieMessage, nowMs: number): boolean {
    if (!this.#lastMac1) return false;
    const cookie = this.#suite.openCookie(this.#keys.cookie, nonce, this.#lastMac1, sealed);
    if (!cookie) return false;
    this.#cookie = cookie;
    this.#cookieMs = nowMs;
    return true;
  }
}

/** Checks the MACs of what others write to us, and gives cookies. It remembers nobody. */
export class MacChecker {
  readonly #suite: TunnelSuite;
  readonly #keys: ReturnType<typeof receiverKeys>;
  readonly #secret = new Uint8Array(32);
  #secretMs = Number.NEGATIVE_INFINITY;

  constructor(suite: TunnelSuite, own: Uint8Array) {
    this.#suite = suite;
    this.#keys = receiverKeys(suite, own);
  }

  checkMac1(message: Uint8Array): boolean {
    const at = message.length - 2 * MAC_BYTES;
    const mac1 = this.#suite.mac(this.#keys.mac1, message.subarray(0, at));
    return equal(mac1, message.subarray(at, at + MAC_BYTES));
  }

  checkMac2(message: Uint8Array, source: Endpoint, nowMs: number): boolean {
    if (nowMs - this.#secretMs > COOKIE_REFRESH_MS) return false;
    const at = message.length - MAC_BYTES;
    const mac2 = this.#suite.mac(this.#cookieOf(source), message.subarray(0, at));
    return equal(mac2, message.subarray(at));
  }

  /** The answer to a message whose mac1 is right: shorter than it, and of use only at its source. */
  giveCookie(message: Uint8Array, sender: number, source: Endpoint, nowMs: number): Uint8Array {
    if (nowMs - this.#secretMs > COOKIE_REFRESH_MS) {
      this.#secret.set(randomBytes(this.#secret.length));
      this.#secretMs = nowMs;
    }
    const at = message.length - 2 * MAC_BYTES;
    const nonce = Uint8Array.from(randomBytes(COOKIE_NONCE_BYTES));
    const mac1 = message.subarray(at, at + MAC_BYTES);
    const sealed = this.#suite.sealCookie(this.#keys.cookie, nonce, mac1, this.#cookieOf(source));
    return writeCookie(this.#suite, sender, nonce, sealed);
  }

  wipe(): void {
    wipe(this.#secret);
    this.#secretMs = Number.NEGATIVE_INFINITY;
  }

  #cookieOf({ address, port }: Endpoint): Uint8Array {
    return this.#suite.mac(this.#secret, utf8(`${port} ${address}`));
  }
}
