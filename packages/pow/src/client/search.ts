import { _SHA256 } from '@noble/hashes/sha2.js';
import { CHALLENGE_LENGTH } from './challenge.js';

/** Nonces between two looks at the clock: about a millisecond of work. */
const BATCH = 2048;
const MESSAGE_BITS = (CHALLENGE_LENGTH + 8) * 8;

/**
 * Tries nonces one after the other. Challenge and nonce fill one block of SHA-256 together with its
 * padding, so noble's compression runs over a block that is laid out once: four to five times as fast
 * as `sha256(message)`, which makes, pads and wipes a hash object each time.
 */
export class Search extends _SHA256 {
  /** How many nonces were tried so far. */
  hashes = 0;
  #low: number;
  #high: number;
  readonly #initial: ReturnType<_SHA256['get']>;
  readonly #maskA: number;
  readonly #maskB: number;

  /** `challenge` was checked by `parseChallenge`, its byte 1 is the difficulty. */
  constructor(challenge: Uint8Array, firstNonce: bigint) {
    super();
    this.#low = Number(firstNonce & 0xffffffffn);
    this.#high = Number(firstNonce >> 32n);
    this.#initial = this.get();
    this.#maskA = leadingMask(challenge[1]!);
    this.#maskB = leadingMask(challenge[1]! - 32);
    this.buffer.set(challenge);
    this.buffer[CHALLENGE_LENGTH + 8] = 0x80;
    this.view.setUint32(60, MESSAGE_BITS);
  }

  /** The nonce that is tried next; after a hit, the one that hit. */
  get nonce(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** Tries nonces for about `milliseconds`. Returns whether the last one solves the puzzle. */
  runFor(milliseconds: number): boolean {
    const end = Date.now() + milliseconds;
    do {
      if (this.run(BATCH)) return true;
    } while (Date.now() < end);
    return false;
  }

  /** Tries up to `count` nonces. Returns whether the last one solves the puzzle. */
  run(count: number): boolean {
    for (let i = 0; i < count; i++) {
      this.hashes++;
      if (this.#hits()) return true;
      this.#low = (this.#low + 1) >>> 0;
      if (this.#low === 0) this.#high = (this.#high + 1) >>> 0;
    }
    return false;
  }

  #hits(): boolean {
    const [a, b, c, d, e, f, g, h] = this.#initial;
    this.view.setUint32(CHALLENGE_LENGTH, this.#low, true);
    this.view.setUint32(CHALLENGE_LENGTH + 4, this.#high, true);
    this.set(a, b, c, d, e, f, g, h);
    this.process(this.view, 0);
    return (this.A & this.#maskA) === 0 && (this.B & this.#maskB) === 0;
  }
}

/** The top `bits` of a 32-bit word, for any number of bits. */
export function leadingMask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
