import { TAG_BYTES } from './aead.js';
import { concat } from './bytes.js';
import { KEY_BYTES, type PrivateKey } from './diffie-hellman.js';
import { type NoiseParameters, SymmetricState, type TransportKeys } from './symmetric-state.js';

/*
 * Noise IKpsk2 (Noise revision 34, sections 7.5 and 9):
 *
 *     <- s
 *     ...
 *     -> e, es, s, ss
 *     <- e, ee, se, psk
 *
 * Messages here are what Noise says and no more: who wraps them adds headers and MACs.
 */

const STATIC_BYTES = KEY_BYTES + TAG_BYTES;
/** Of the first message in front of its payload. */
const FIRST_BYTES = KEY_BYTES + STATIC_BYTES;

/** Who we are, and whom we mean. */
export interface Parties {
  readonly local: PrivateKey;
  readonly remote: Uint8Array;
  /** What `local` and `remote` agree on, computed once; not wiped here. */
  readonly shared: Uint8Array;
  /** 32 bytes; zeros for none. */
  readonly presharedKey: Uint8Array;
}

/** The side that speaks first. */
export class Initiator {
  readonly #parties: Parties;
  readonly #ephemeral: PrivateKey;
  readonly #state: SymmetricState;

  constructor(parameters: NoiseParameters, parties: Parties) {
    this.#parties = parties;
    this.#ephemeral = parameters.dh.generate();
    this.#state = SymmetricState.initialize(parameters);
    this.#state.mixHash(parties.remote);
  }

  /** The first message. Once. */
  write(payload: Uint8Array): Uint8Array {
    const state = this.#state;
    /* e */
    state.mixHash(this.#ephemeral.publicKey);
    state.mixKey(this.#ephemeral.publicKey);
    /* es */
    state.mixSecret(this.#ephemeral.agree(this.#parties.remote));
    /* s */
    const sealedStatic = state.sealAndHash(this.#parties.local.publicKey);
    /* ss */
    state.mixKey(this.#parties.shared);
    return concat(this.#ephemeral.publicKey, sealedStatic, state.sealAndHash(payload));
  }

  /**
   * Reads the second message and returns the keys, the caller's to wipe; undefined if it is forged. A forged one
   * changes nothing: the true one may still come.
   */
  read(message: Uint8Array): { payload: Uint8Array; keys: TransportKeys } | undefined {
    const state = this.#state.clone();
    try {
      const payload = this.#open(state, message);
      if (payload === undefined) return undefined;
      const [send, receive] = state.split();
      return { payload, keys: { send, receive } };
    } finally {
      state.wipe();
    }
  }

  wipe(): void {
    this.#state.wipe();
  }

  #open(state: SymmetricState, message: Uint8Array): Uint8Array | undefined {
    const ephemeral = message.subarray(0, KEY_BYTES);
    /* e */
    state.mixHash(ephemeral);
    state.mixKey(ephemeral);
    /* ee */
    const ephemeralSecret = agree(this.#ephemeral, ephemeral);
    if (!ephemeralSecret) return undefined;
    state.mixSecret(ephemeralSecret);
    /* se */
    state.mixSecret(this.#parties.local.agree(ephemeral));
    /* psk */
    state.mixKeyAndHash(this.#parties.presharedKey);
    return state.openAndHash(message.subarray(KEY_BYTES));
  }
}

/** The side that answers. What it keeps before it knows the other one is this object, in one call. */
export class Responder {
  readonly #parameters: NoiseParameters;
  readonly #local: PrivateKey;
  readonly #state: SymmetricState;
  #remoteEphemeral = new Uint8Array(0);
  #sealedPayload = new Uint8Array(0);

  constructor(parameters: NoiseParameters, local: PrivateKey) {
    this.#parameters = parameters;
    this.#local = local;
    this.#state = SymmetricState.initialize(parameters);
    this.#state.mixHash(local.publicKey);
  }

  /** Who the first message says to be from; whether it is, readPayload() tells. undefined if it is forged. */
  readStatic(message: Uint8Array): Uint8Array | undefined {
    const state = this.#state;
    this.#remoteEphemeral = Uint8Array.from(message.subarray(0, KEY_BYTES));
    this.#sealedPayload = Uint8Array.from(message.subarray(FIRST_BYTES));
    /* e */
    state.mixHash(this.#remoteEphemeral);
    state.mixKey(this.#remoteEphemeral);
    /* es */
    const secret = agree(this.#local, this.#remoteEphemeral);
    if (!secret) return undefined;
    state.mixSecret(secret);
    /* s */
    return state.openAndHash(message.subarray(KEY_BYTES, FIRST_BYTES));
  }

  /** The first message's payload, with what our static key and theirs agree on; undefined if it is forged. */
  readPayload(shared: Uint8Array): Uint8Array | undefined {
    /* ss */
    this.#state.mixKey(shared);
    return this.#state.openAndHash(this.#sealedPayload);
  }

  /** The second message, and the keys, which are the caller's to wipe. Once. */
  write(parties: Parties, payload: Uint8Array): { message: Uint8Array; keys: TransportKeys } {
    const state = this.#state;
    const ephemeral = this.#parameters.dh.generate();
    /* e */
    state.mixHash(ephemeral.publicKey);
    state.mixKey(ephemeral.publicKey);
    /* ee */
    state.mixSecret(ephemeral.agree(this.#remoteEphemeral));
    /* se */
    state.mixSecret(ephemeral.agree(parties.remote));
    /* psk */
    state.mixKeyAndHash(parties.presharedKey);
    const message = concat(ephemeral.publicKey, state.sealAndHash(payload));
    const [receive, send] = state.split();
    return { message, keys: { send, receive } };
  }

  wipe(): void {
    this.#state.wipe();
  }
}

/** undefined for a public key that is none. */
function agree(key: PrivateKey, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return key.agree(publicKey);
  } catch {
    return undefined;
  }
}
