import { SipHash128 } from '@cryptbpf/core/gate-client';
import { SignedAuthError } from './errors.js';
import { checkBytes } from './guards.js';
import { putFoot, SESSION_FIELDS_LENGTH, SESSION_LENGTH, TrailerType } from './trailer.js';

/** Packets in one session, by which it ends. */
export const SESSION_PACKETS = 2 ** 32;

export interface SessionTerms {
  /** 8 bytes. */
  id: Uint8Array;
  /** 16 bytes. */
  key: Uint8Array;
  /** Seconds. */
  lifetime: number;
  /** Milliseconds of `now` from which the lifetime counts. */
  start: number;
  now: () => number;
  /** Packets that were sealed before, default 0. */
  packets?: number;
}

/** What one signature opened: packets that carry a tag of 16 bytes, made in microseconds, instead of a signature. */
export class Session {
  /** As the gate gave it. */
  readonly id: bigint;
  /** Seconds from its beginning. */
  readonly lifetime: number;
  /** Seconds from its beginning after which a sender that stays should ask for the next one. */
  readonly renewAfter: number;
  readonly #id: Uint8Array;
  readonly #mac: SipHash128;
  readonly #start: number;
  readonly #now: () => number;
  #counter: number;

  constructor({ id, key, lifetime, start, now, packets = 0 }: SessionTerms) {
    this.id = new DataView(id.buffer, id.byteOffset).getBigUint64(0);
    this.lifetime = lifetime;
    this.renewAfter = Math.floor(lifetime / 4) * 3;
    this.#id = id;
    this.#mac = new SipHash128(key);
    this.#start = start;
    this.#now = now;
    this.#counter = packets;
  }

  /** Packets that were sealed so far. */
  get packets(): number {
    return this.#counter;
  }

  /** Whether its lifetime or its packets are over. */
  get isOver(): boolean {
    return this.#counter >= SESSION_PACKETS || this.#age >= this.lifetime;
  }

  /** Whether it is time to ask for the next one. */
  get isDue(): boolean {
    return this.#counter >= (SESSION_PACKETS / 4) * 3 || this.#age >= this.renewAfter;
  }

  /**
   * payload || trailer of 40 bytes. Each call makes another packet, also for the same payload.
   *
   * @throws SignedAuthError `ERR_SIGNED_AUTH_SESSION` when the session is over.
   */
  seal(payload: Uint8Array): Uint8Array {
    checkBytes('payload', payload);
    if (this.isOver) throw new SignedAuthError('ERR_SIGNED_AUTH_SESSION', this.#whyOver);
    this.#counter++;
    const packet = new Uint8Array(payload.length + SESSION_LENGTH);
    const view = new DataView(packet.buffer);
    packet.set(payload);
    packet.set(this.#id, payload.length);
    view.setUint32(payload.length + 8, this.#counter / 2 ** 32);
    view.setUint32(payload.length + 12, this.#counter >>> 0);
    this.#mac.append(packet, payload.length + SESSION_FIELDS_LENGTH);
    putFoot(view, TrailerType.SESSION);
    return packet;
  }

  /** Ends it here, and forgets its key. The gate knows it until its lifetime is over. */
  end(): void {
    this.#counter = SESSION_PACKETS;
    this.#mac.wipe();
  }

  get #age(): number {
    return (this.#now() - this.#start) / 1000;
  }

  get #whyOver(): string {
    if (this.#age >= this.lifetime) return `the session is over: its ${this.lifetime} seconds have passed`;
    return 'the session is over: it was ended, or has sealed 2^32 packets';
  }
}
