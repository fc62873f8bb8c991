import type { Aead } from './aead.js';
import { utf8, wipe } from './bytes.js';
import type { DiffieHellman } from './diffie-hellman.js';
import { HASH_BYTES, type Hash, hkdf } from './hash.js';

/** What a Noise protocol's name stands for, and the prologue that both sides mix in. */
export interface NoiseParameters {
  readonly name: string;
  readonly prologue: Uint8Array;
  readonly dh: DiffieHellman;
  readonly aead: Aead;
  readonly hash: Hash;
}

/** The keys of a finished handshake. */
export interface TransportKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
}

/**
 * Noise's SymmetricState and CipherState (its sections 5.1 and 5.2). Each key of IKpsk2 seals once, with the
 * counter 0, and is gone.
 */
export class SymmetricState {
  readonly #parameters: NoiseParameters;
  readonly #chainingKey: Uint8Array;
  readonly #hash: Uint8Array;
  readonly #key = new Uint8Array(HASH_BYTES);

  private constructor(parameters: NoiseParameters, chainingKey: Uint8Array, hash: Uint8Array) {
    this.#parameters = parameters;
    this.#chainingKey = Uint8Array.from(chainingKey);
    this.#hash = Uint8Array.from(hash);
  }

  static initialize(parameters: NoiseParameters): SymmetricState {
    const name = utf8(parameters.name);
    const start = name.length <= HASH_BYTES ? new Uint8Array(HASH_BYTES) : parameters.hash.hash(name);
    if (name.length <= HASH_BYTES) start.set(name);
    const state = new SymmetricState(parameters, start, start);
    state.mixHash(parameters.prologue);
    return state;
  }

  /** The same again: for a message that may turn out to be forged. */
  clone(): SymmetricState {
    const copy = new SymmetricState(this.#parameters, this.#chainingKey, this.#hash);
    copy.#key.set(this.#key);
    return copy;
  }

  mixHash(data: Uint8Array): void {
    this.#hash.set(this.#parameters.hash.hash(this.#hash, data));
  }

  /** Wipes what it mixes in: a secret two parties agreed on. */
  mixSecret(secret: Uint8Array): void {
    this.mixKey(secret);
    wipe(secret);
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#parameters.hash, this.#chainingKey, input, 2);
    this.#take(chainingKey!, key!);
  }

  mixKeyAndHash(presharedKey: Uint8Array): void {
    const [chainingKey, tau, key] = hkdf(this.#parameters.hash, this.#chainingKey, presharedKey, 3);
    this.mixHash(tau!);
    wipe(tau!);
    this.#take(chainingKey!, key!);
  }

  sealAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#parameters.aead.seal(this.#key, 0n, this.#hash, plaintext);
    wipe(this.#key);
    this.mixHash(sealed);
    return sealed;
  }

  /** undefined if it was not sealed so; nothing is to be done with this state then but to wipe it. */
  openAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plaintext = this.#parameters.aead.open(this.#key, 0n, this.#hash, sealed);
    wipe(this.#key);
    this.mixHash(sealed);
    return plaintext;
  }

  /** The two keys, the initiator's first. */
  split(): [Uint8Array, Uint8Array] {
    const [first, second] = hkdf(this.#parameters.hash, this.#chainingKey, new Uint8Array(0), 2);
    return [first!, second!];
  }

  wipe(): void {
    wipe(this.#chainingKey, this.#hash, this.#key);
  }

  #take(chainingKey: Uint8Array, key: Uint8Array): void {
    this.#chainingKey.set(chainingKey);
    this.#key.set(key);
    wipe(chainingKey, key);
  }
}
