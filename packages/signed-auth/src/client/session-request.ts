import { p256 } from '@noble/curves/nist.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { SignedAuthError } from './errors.js';
import { decodeSessionAccept, type SessionAccept } from './message.js';
import { Session } from './session.js';

/** The sender's point for one exchange, and what it is the power of. */
export class Ephemeral {
  readonly #secret: Uint8Array;
  /** x || y. */
  readonly point: Uint8Array;

  constructor(secret: Uint8Array = p256.utils.randomSecretKey()) {
    this.#secret = secret;
    this.point = p256.getPublicKey(secret, false).slice(1);
  }

  /** The x coordinate of the point that both ends can compute. @throws Error when theirs is not on the curve. */
  shared(theirs: Uint8Array): Uint8Array {
    return p256.getSharedSecret(this.#secret, concatBytes(Uint8Array.of(4), theirs)).slice(1, 33);
  }

  wipe(): void {
    this.#secret.fill(0);
  }
}

export interface PendingTerms {
  message: Uint8Array;
  ephemeral: Ephemeral;
  now: () => number;
}

/** A request that was signed and waits for its answer. */
export class SessionRequest {
  /** The SESSION_REQUEST to send, 180 bytes; copies of it may be sent when no answer comes. */
  readonly message: Uint8Array;
  readonly #ephemeral: Ephemeral;
  readonly #now: () => number;
  readonly #start: number;
  #isTaken = false;

  constructor({ message, ephemeral, now }: PendingTerms) {
    this.message = message;
    this.#ephemeral = ephemeral;
    this.#now = now;
    // From the request on, not from its answer: at the gate the session must not end before it ends here.
    this.#start = now();
  }

  /**
   * The session that a SESSION_ACCEPT opens, once.
   *
   * @throws SignedAuthError `ERR_SIGNED_AUTH_MESSAGE` when it is no answer to this request, or was forged; another
   * answer may still come.
   */
  accept(bytes: Uint8Array): Session {
    if (this.#isTaken)
      throw new SignedAuthError('ERR_SIGNED_AUTH_MESSAGE', 'the request was answered before');
    const accept = decodeSessionAccept(bytes);
    const key = this.#key(accept);
    const { sessionId: id, lifetime } = accept;
    const session = new Session({ id, key, lifetime, start: this.#start, now: this.#now });
    key.fill(0);
    this.#isTaken = true;
    this.#ephemeral.wipe();
    return session;
  }

  #key({ terms, ephemeral, confirm }: SessionAccept): Uint8Array {
    const salt = sha256(concatBytes(this.message, terms, ephemeral));
    const prk = extract(sha256, this.#shared(ephemeral), salt);
    const confirmKey = expand(sha256, prk, utf8ToBytes('cryptbpf session confirm'), 32);
    const expected = hmac(sha256, confirmKey, salt);
    const key = expand(sha256, prk, utf8ToBytes('cryptbpf session key'), 16);
    prk.fill(0);
    if (differ(expected, confirm)) throw forged('its confirmation is wrong');
    return key;
  }

  #shared(ephemeral: Uint8Array): Uint8Array {
    try {
      return this.#ephemeral.shared(ephemeral);
    } catch (cause) {
      throw forged('its point is not on the curve', cause);
    }
  }
}

/** Looks at all bytes, wherever the first difference is. */
function differ(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((difference, byte, i) => difference | (byte ^ b[i]!), 0) !== 0;
}

function forged(why: string, cause?: unknown): SignedAuthError {
  return new SignedAuthError(
    'ERR_SIGNED_AUTH_MESSAGE',
    `the session accept does not answer this request: ${why}`,
    {
      cause,
    },
  );
}
