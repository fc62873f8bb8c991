import { hmac, KEY_BYTES, secret, wipe } from './keys.js';

const MESSAGE = 1;
const CHAIN = 2;

function derive(chain: Uint8Array, purpose: number, index: bigint): Buffer {
  const info = Buffer.alloc(29);
  info.write('cryptbpf ratchet v1', 'latin1');
  info[19] = purpose;
  info.writeBigUInt64BE(index, 20);
  info[28] = 1;
  return hmac(chain, info);
}

/** The twin of bpf/lib/ratchet.h: a chain of keys that only goes forward. */
export class Ratchet {
  readonly #chain = secret(KEY_BYTES);
  #index: bigint;

  /** chain is copied. */
  constructor(chain: Uint8Array, index = 0n) {
    this.#chain.set(chain);
    this.#index = index;
  }

  /** Of the message key that comes next. */
  get index(): bigint {
    return this.#index;
  }

  /** The next message key; it is the caller's to wipe. */
  next(): Buffer {
    const key = derive(this.#chain, MESSAGE, this.#index);
    this.#step();
    return key;
  }

  /** Goes on to index, without the keys between. */
  skipTo(index: bigint): void {
    while (this.#index < index) this.#step();
  }

  clone(): Ratchet {
    return new Ratchet(this.#chain, this.#index);
  }

  wipe(): void {
    wipe(this.#chain);
  }

  #step(): void {
    const next = derive(this.#chain, CHAIN, this.#index);
    this.#chain.set(next);
    wipe(next);
    this.#index++;
  }
}
