import { BpfError } from '@cryptbpf/core';
import type { Endpoint, Suite } from '../contract.js';
import { equal } from '../noise/bytes.js';
import type { PrivateKey } from '../noise/diffie-hellman.js';
import { Responder } from '../noise/handshake.js';
import { Peer, type PeerSettings, type Surroundings } from '../peer/peer.js';
import {
  type Clock,
  INITIATION_INTERVAL_MS,
  REKEY_AFTER_MS,
  REKEY_TIMEOUT_MS,
  type Renewal,
} from '../peer/timing.js';
import { Indices } from './indices.js';
import { LoadGauge, SourceLimiter } from './load.js';
import { MacChecker } from './macs.js';
import {
  type CookieMessage,
  type InitiationMessage,
  type Message,
  type ResponseMessage,
  readMessage,
} from './messages.js';
import { type TunnelSuite, tunnelSuite } from './suite.js';

export interface HandshakesOptions {
  readonly suite: Suite;
  /** 32 bytes; the caller's to wipe. */
  readonly privateKey: Uint8Array;
  readonly clock: Clock;
  /** Handshake messages a second from which on cookies are asked for. Default 500. */
  readonly loadPerSecond?: number;
  /** Seconds after which keys are renewed. Default 120, and no more. */
  readonly rekeyAfter?: number | undefined;
  send(message: Uint8Array, to: Endpoint): void;
}

/** What became of the messages that came in. */
export type Outcome =
  | 'answered'
  | 'finished'
  | 'cookieTaken'
  | 'cookieGiven'
  | 'malformed'
  | 'wrongMac'
  | 'rateLimited'
  | 'unknownPeer'
  | 'unknownIndex'
  | 'forged'
  | 'replayed'
  | 'flood';

/** The handshakes of one tunnel: gives each message to the peer whose it is, after the checks that cost little. */
export class Handshakes {
  readonly outcomes = new Map<Outcome, number>();
  readonly #suite: TunnelSuite;
  readonly #local: PrivateKey;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #macs: MacChecker;
  readonly #load: LoadGauge;
  readonly #limiter = new SourceLimiter();
  readonly #indices = new Indices<Peer>();
  readonly #peers = new Map<string, Peer>();

  /** Throws if the private key is none. */
  constructor(options: HandshakesOptions) {
    const { suite, privateKey, clock, loadPerSecond, send } = options;
    this.#suite = tunnelSuite(suite);
    this.#local = this.#suite.noise.dh.fromBytes(privateKey);
    this.#clock = clock;
    this.#macs = new MacChecker(this.#suite, this.#local.publicKey);
    this.#load = new LoadGauge(loadPerSecond);
    const renewal = renewalOf(this.#suite, options.rekeyAfter);
    this.#around = { suite: this.#suite, local: this.#local, indices: this.#indices, clock, renewal, send };
  }

  get publicKey(): Uint8Array {
    return this.#local.publicKey;
  }

  /** Throws if the public key is none, or our own. A peer of that key that was there before is closed. */
  add(settings: PeerSettings): Peer {
    if (equal(settings.publicKey, this.publicKey)) {
      throw new BpfError('ERR_BAD_VALUE', "a peer's public key is the one of this tunnel itself");
    }
    this.remove(settings.publicKey);
    const peer = new Peer(this.#around, settings);
    this.#peers.set(nameOf(settings.publicKey), peer);
    return peer;
  }

  remove(publicKey: Uint8Array): void {
    this.#peers.get(nameOf(publicKey))?.close();
    this.#peers.delete(nameOf(publicKey));
  }

  /** To be called a few times a second. */
  tick(): void {
    const now = this.#clock.bootMs();
    for (const peer of this.#peers.values()) peer.tick(now);
  }

  /** A datagram that is no data packet. Never throws: whoever can reach the port may send anything. */
  receive(datagram: Uint8Array, source: Endpoint): Outcome {
    const outcome = this.#take(datagram, source);
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    return outcome;
  }

  close(): void {
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.#macs.wipe();
  }

  #take(datagram: Uint8Array, source: Endpoint): Outcome {
    const message = readMessage(this.#suite, datagram);
    if (!message) return 'malformed';
    if (message.type === 'cookie') return this.#takeCookie(message);
    if (!this.#macs.checkMac1(datagram)) return 'wrongMac';
    const stop = this.#slowDown(datagram, message, source);
    if (stop) return stop;
    return message.type === 'initiation'
      ? this.#takeInitiation(message, source)
      : this.#takeResponse(message, source);
  }

  /** Under load, only for those who receive where they write from, each at his rate. */
  #slowDown(
    datagram: Uint8Array,
    { sender }: Exclude<Message, CookieMessage>,
    source: Endpoint,
  ): Outcome | undefined {
    const now = this.#clock.bootMs();
    if (!this.#load.isHigh(now)) return undefined;
    if (!this.#macs.checkMac2(datagram, source, now)) {
      this.#around.send(this.#macs.giveCookie(datagram, sender, source, now), source);
      return 'cookieGiven';
    }
    return this.#limiter.allow(source.address, now) ? undefined : 'rateLimited';
  }

  #takeInitiation(message: InitiationMessage, source: Endpoint): Outcome {
    const responder = new Responder(this.#suite.noise, this.#local);
    try {
      const publicKey = responder.readStatic(message.noise);
      if (!publicKey) return 'forged';
      const peer = this.#peers.get(nameOf(publicKey));
      if (!peer) return 'unknownPeer';
      return peer.takeInitiation(responder, message, source) ?? 'answered';
    } finally {
      responder.wipe();
    }
  }

  #takeResponse(message: ResponseMessage, source: Endpoint): Outcome {
    const peer = this.#indices.ownerOf(message.receiver);
    if (!peer) return 'unknownIndex';
    return peer.takeResponse(message, source) ? 'finished' : 'forged';
  }

  #takeCookie(message: CookieMessage): Outcome {
    const peer = this.#indices.ownerOf(message.receiver);
    if (!peer) return 'unknownIndex';
    return peer.takeCookie(message) ? 'cookieTaken' : 'forged';
  }
}

function renewalOf({ rekeyAfterMessages }: TunnelSuite, seconds = REKEY_AFTER_MS / 1000): Renewal {
  const afterMs = seconds * 1000;
  if (!(afterMs >= INITIATION_INTERVAL_MS && afterMs <= REKEY_AFTER_MS)) {
    const range = `${INITIATION_INTERVAL_MS / 1000} to ${REKEY_AFTER_MS / 1000}`;
    throw new BpfError('ERR_BAD_OPTION', `option rekeyAfter is ${seconds}, expected ${range} seconds`);
  }
  const timeoutMs = Math.min(REKEY_TIMEOUT_MS, afterMs);
  return { afterMs, afterMessages: rekeyAfterMessages, timeoutMs };
}

function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('base64');
}
