import type { Session } from '../contract.js';
import type { Indices } from '../exchange/indices.js';
import { MacWriter } from '../exchange/macs.js';
import {
  type InitiationMessage,
  type ResponseMessage,
  writeInitiation,
  writeResponse,
} from '../exchange/messages.js';
import type { TunnelSuite } from '../exchange/suite.js';
import { isAfter, TIMESTAMP_BYTES, timestampOf } from '../exchange/timestamp.js';
import { wipe } from '../noise/bytes.js';
import { Initiator, type Parties, type Responder } from '../noise/handshake.js';
import type { TransportKeys } from '../noise/symmetric-state.js';
import { INITIATION_INTERVAL_MS } from './timing.js';

const NOTHING = new Uint8Array(0);
/** The least difference between two timestamps that are not the same, in nanoseconds. */
const TIMESTAMP_STEP = 0x1000000n;

/** Why an initiation of a peer whom we know is not answered. */
export type Refusal = 'forged' | 'replayed' | 'flood';

export interface Answer {
  readonly message: Uint8Array;
  readonly session: Session;
}

/** The handshakes with one peer: at most one of ours is under way; his are answered at once. */
export class Negotiation<Owner> {
  readonly macs: MacWriter;
  readonly #suite: TunnelSuite;
  readonly #parties: Parties;
  readonly #indices: Indices<Owner>;
  readonly #owner: Owner;
  #pending: { readonly initiator: Initiator; readonly index: number } | undefined;
  #lastSent = 0n;
  #lastTimestamp: Uint8Array = new Uint8Array(TIMESTAMP_BYTES);
  #lastAcceptedMs = Number.NEGATIVE_INFINITY;

  constructor(suite: TunnelSuite, parties: Parties, indices: Indices<Owner>, owner: Owner) {
    this.#suite = suite;
    this.#parties = parties;
    this.#indices = indices;
    this.#owner = owner;
    this.macs = new MacWriter(suite, parties.remote);
  }

  /** An initiation; the one before, if there was one, is over. */
  initiate(nowMs: number, unixNs: bigint): Uint8Array {
    this.abandon();
    const initiator = new Initiator(this.#suite.noise, this.#parties);
    const index = this.#indices.take(this.#owner);
    this.#pending = { initiator, index };
    const noise = initiator.write(timestampOf(this.#rising(unixNs)));
    const message = writeInitiation(this.#suite, index, noise);
    this.macs.write(message, nowMs);
    return message;
  }

  /** The session that a response completes; undefined if it is forged, or not the answer to our last initiation. */
  finish({ sender, receiver, noise }: ResponseMessage): Session | undefined {
    const pending = this.#pending;
    if (pending?.index !== receiver) return undefined;
    const done = pending.initiator.read(noise);
    if (!done) return undefined;
    pending.initiator.wipe();
    this.#pending = undefined;
    return sessionOf(receiver, sender, done.keys, true);
  }

  /** Answers an initiation whose static key is this peer's. State changes only after the last check. */
  answer(responder: Responder, { sender }: InitiationMessage, nowMs: number): Answer | Refusal {
    const timestamp = responder.readPayload(this.#parties.shared);
    if (!timestamp) return 'forged';
    if (!isAfter(timestamp, this.#lastTimestamp)) return 'replayed';
    if (nowMs - this.#lastAcceptedMs < INITIATION_INTERVAL_MS) return 'flood';
    this.#lastTimestamp = timestamp;
    this.#lastAcceptedMs = nowMs;
    const { message: noise, keys } = responder.write(this.#parties, NOTHING);
    const index = this.#indices.take(this.#owner);
    const message = writeResponse(this.#suite, index, sender, noise);
    this.macs.write(message, nowMs);
    return { message, session: sessionOf(index, sender, keys, false) };
  }

  /** An initiation that waits for its response does so no longer. */
  abandon(): void {
    if (!this.#pending) return;
    this.#pending.initiator.wipe();
    this.#indices.free(this.#pending.index);
    this.#pending = undefined;
  }

  wipe(): void {
    this.abandon();
    wipe(this.#parties.shared, this.#parties.presharedKey);
  }

  /** A wall clock that was set back must not make our initiations look like old ones. */
  #rising(unixNs: bigint): bigint {
    const least = this.#lastSent + TIMESTAMP_STEP;
    this.#lastSent = unixNs > least ? unixNs : least;
    return this.#lastSent;
  }
}

function sessionOf(
  localIndex: number,
  remoteIndex: number,
  { send, receive }: TransportKeys,
  initiator: boolean,
): Session {
  return { localIndex, remoteIndex, sendKey: send, receiveKey: receive, initiator };
}
