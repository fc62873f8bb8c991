import { CHALLENGE_LENGTH } from '@cryptbpf/core/gate-client';
import { p256 } from '@noble/curves/nist.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import { SignedAuthError } from './errors.js';
import { checkBytes, checkInteger, checkUint64, LAST_UINT64 } from './guards.js';
import { type MessageSigner, messageSigner, type PrivateKey, SIGNATURE_LENGTH } from './key.js';
import { encodeSessionRequest } from './message.js';
import { Ephemeral, SessionRequest } from './session-request.js';
import {
  audienceDigest,
  type Flow,
  keyIdField,
  knockStatement,
  packetStatement,
  sessionStatement,
  sourceBytes,
} from './statement.js';
import { FIELDS_LENGTH, unsignedPacket } from './trailer.js';

export interface SignerOptions {
  /** The name that the gate's operator chose for the service: what is signed for one service is nothing at another. */
  audience: string;
  /** The number under which the gate knows the key, 0 to 65535. */
  keyId: number;
  /** Tells this sender's counters from those of the key's other senders; not 0. Default: 64 random bits. */
  instance?: bigint;
  /** The counter of the first packet, default 1. Only to go on with an instance of before. */
  counter?: bigint;
  /** Whether the gate wants addresses and ports to be signed; `sign` then needs a flow. Default false. */
  bindAddress?: boolean;
  /** Unix milliseconds, default `Date.now`. The gate refuses packets whose time is too far from its own. */
  now?: () => number;
}

/** Signs what one sender sends to one service. Each packet has another counter. */
export class Signer {
  readonly keyId: number;
  readonly instance: bigint;
  readonly bindAddress: boolean;
  readonly #key: MessageSigner;
  readonly #audience: Uint8Array;
  readonly #now: () => number;
  #counter: bigint;

  constructor(key: MessageSigner, options: SignerOptions) {
    this.keyId = checkInteger('keyId', options.keyId, 0, 0xffff);
    this.instance = checkUint64('instance', options.instance ?? randomInstance());
    this.bindAddress = options.bindAddress ?? false;
    this.#key = key;
    this.#audience = audienceDigest(options.audience);
    this.#now = options.now ?? Date.now;
    this.#counter = checkUint64('counter', options.counter ?? 1n);
  }

  /** The counter of the next packet. */
  get counter(): bigint {
    return this.#counter;
  }

  /**
   * payload || trailer of 96 bytes. The counter is taken at once, so packets may be signed side by side.
   *
   * @param flow both ends of the packet; with `bindAddress` only.
   * @throws SignedAuthError `ERR_SIGNED_AUTH_KEY` when the key does not sign.
   */
  async sign(payload: Uint8Array, flow?: Flow): Promise<Uint8Array> {
    return this.#sign(payload, flow, undefined);
  }

  /** payload || trailer of 128 bytes, for a gate under load: `cookie` is a challenge that it gave to this source. */
  async signWithCookie(payload: Uint8Array, cookie: Uint8Array, flow?: Flow): Promise<Uint8Array> {
    checkBytes('cookie', cookie, CHALLENGE_LENGTH);
    return this.#sign(payload, flow, cookie);
  }

  /**
   * The proof of a knock, 68 bytes, that opens the protected TCP ports to `source`.
   *
   * @param source the own address as the gate sees it: text, or its 16 bytes.
   */
  async knock(challenge: Uint8Array, source: string | Uint8Array): Promise<Uint8Array> {
    checkBytes('challenge', challenge, CHALLENGE_LENGTH);
    const statement = knockStatement(this.#audience, this.keyId, challenge, sourceBytes(source));
    return concatBytes(keyIdField(this.keyId), await this.#signature(statement));
  }

  /**
   * Asks for a session with a key made for it alone.
   *
   * @param transaction 8 bytes, by which the answer is known.
   * @param source the own address as the gate sees it: text, or its 16 bytes.
   *
   * @example
   * const request = await signer.requestSession(transaction, challenge, source);
   * const session = request.accept(await ask(request.message));
   * const packet = session.seal(payload);
   */
  async requestSession(
    transaction: Uint8Array,
    challenge: Uint8Array,
    source: string | Uint8Array,
  ): Promise<SessionRequest> {
    checkBytes('transaction', transaction, 8);
    checkBytes('challenge', challenge, CHALLENGE_LENGTH);
    const { keyId } = this;
    const ephemeral = new Ephemeral();
    const { point } = ephemeral;
    const statement = sessionStatement(this.#audience, keyId, challenge, sourceBytes(source), point);
    const signature = await this.#signature(statement);
    const message = encodeSessionRequest({ transaction, challenge, keyId, ephemeral: point, signature });
    return new SessionRequest({ message, ephemeral, now: this.#now });
  }

  async #sign(
    payload: Uint8Array,
    flow: Flow | undefined,
    cookie: Uint8Array | undefined,
  ): Promise<Uint8Array> {
    checkBytes('payload', payload);
    this.#checkFlow(flow);
    const { instance, keyId } = this;
    const time = Math.floor(this.#now() / 1000);
    const packet = unsignedPacket(payload, { instance, counter: this.#takeCounter(), time, keyId }, cookie);
    const signed = packet.subarray(0, payload.length + FIELDS_LENGTH);
    packet.set(await this.#signature(packetStatement(this.#audience, signed, flow)), signed.length);
    return packet;
  }

  #takeCounter(): bigint {
    if (this.#counter > LAST_UINT64) throw new RangeError('all 2^64 counters of this instance were used');
    return this.#counter++;
  }

  #checkFlow(flow: Flow | undefined): void {
    if (this.bindAddress && !flow)
      throw new TypeError('flow is missing: with bindAddress, addresses are signed');
    if (!this.bindAddress && flow)
      throw new TypeError('flow was given without bindAddress: it would not be signed');
  }

  async #signature(statement: Uint8Array): Promise<Uint8Array> {
    let signature: Uint8Array;
    try {
      signature = await this.#key.signMessage(statement);
    } catch (cause) {
      const message = `the key does not sign: ${(cause as Error).message}`;
      throw new SignedAuthError('ERR_SIGNED_AUTH_KEY', message, { cause });
    }
    checkBytes('signature', signature, SIGNATURE_LENGTH);
    return withLowS(signature);
  }
}

/**
 * Makes the signer of one sender. Whoever starts anew makes another one: its instance is random, so counters need
 * not be kept anywhere.
 *
 * @throws SignedAuthError `ERR_SIGNED_AUTH_KEY`, TypeError, RangeError.
 *
 * @example
 * import { createSigner } from '@cryptbpf/signed-auth/client';
 * const signer = createSigner(pem, { audience: 'telemetry.example', keyId: 1 });
 * const packet = await signer.sign(new TextEncoder().encode('21.5'));
 */
export function createSigner(key: PrivateKey, options: SignerOptions): Signer {
  return new Signer(messageSigner(key), options);
}

/** An operator may refuse s above half the order, and no key but noble's takes care of that. */
function withLowS(signature: Uint8Array): Uint8Array {
  const parsed = p256.Signature.fromBytes(signature);
  if (!parsed.hasHighS()) return signature;
  const { r, s } = parsed;
  return new p256.Signature(r, p256.Point.Fn.neg(s)).toBytes();
}

function randomInstance(): bigint {
  const bytes = randomBytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) || 1n;
}
