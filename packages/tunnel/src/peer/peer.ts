import type { Endpoint, PeerPath, Session } from '../contract.js';
import type { Indices } from '../exchange/indices.js';
import type { CookieMessage, InitiationMessage, ResponseMessage } from '../exchange/messages.js';
import type { TunnelSuite } from '../exchange/suite.js';
import type { PrivateKey } from '../noise/diffie-hellman.js';
import type { Responder } from '../noise/handshake.js';
import { HASH_BYTES } from '../noise/hash.js';
import { Negotiation, type Refusal } from './negotiation.js';
import { Sessions } from './sessions.js';
import { PeerTimers } from './timers.js';
import type { Clock, Renewal } from './timing.js';

export interface PeerSettings {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly presharedKey?: Uint8Array;
  /** Whether the peer stays where the operator said, wherever its packets come from. Default false: it roams. */
  readonly pinEndpoint?: boolean;
  /** Seconds between two packets at most; 0 for never. Default 0. */
  readonly persistentKeepalive?: number;
  readonly path: PeerPath;
}

/** What all peers share. */
export interface Surroundings {
  readonly suite: TunnelSuite;
  readonly local: PrivateKey;
  readonly indices: Indices<Peer>;
  readonly clock: Clock;
  readonly renewal: Renewal;
  send(message: Uint8Array, to: Endpoint): void;
}

/** One peer: its handshakes, its timers, its keys on their way into the kernel. */
export class Peer {
  readonly publicKey: Uint8Array;
  readonly #around: Surroundings;
  readonly #path: PeerPath;
  readonly #pinned: boolean;
  readonly #negotiation: Negotiation<Peer>;
  readonly #sessions: Sessions<Peer>;
  readonly #timers: PeerTimers;
  #handshakeSentMs = Number.NEGATIVE_INFINITY;
  #currentIndex: number | undefined;
  #lastHandshake: Date | undefined;

  /** Throws if the public key is none. */
  constructor(around: Surroundings, settings: PeerSettings) {
    const { publicKey, presharedKey, path, persistentKeepalive = 0 } = settings;
    const parties = {
      local: around.local,
      remote: publicKey,
      shared: around.local.agree(publicKey),
      presharedKey: Uint8Array.from(presharedKey ?? new Uint8Array(HASH_BYTES)),
    };
    const start = path.activity();
    this.publicKey = publicKey;
    this.#around = around;
    this.#path = path;
    this.#pinned = settings.pinEndpoint ?? false;
    this.#negotiation = new Negotiation<Peer>(around.suite, parties, around.indices, this);
    this.#sessions = new Sessions(around.indices);
    this.#currentIndex = start.currentIndex;
    const actions = {
      initiate: () => this.#initiate(),
      keepalive: () => this.#keepalive(),
      forget: () => this.#forget(),
    };
    this.#timers = new PeerTimers(actions, around.renewal, persistentKeepalive * 1000, start);
  }

  /** When the last handshake was finished. */
  get lastHandshake(): Date | undefined {
    return this.#lastHandshake;
  }

  /** Starts a handshake, unless one was begun just now. */
  connect(): void {
    this.#timers.want();
  }

  /** Looks at what the kernel did, and does what is due. */
  tick(nowMs = this.#around.clock.bootMs()): void {
    const activity = this.#path.activity();
    if (activity.currentIndex !== this.#currentIndex) {
      this.#currentIndex = activity.currentIndex;
      if (activity.currentIndex !== undefined) this.#complete();
    }
    this.#timers.tick(nowMs, activity, this.#sessions.ageOf(activity.currentIndex, nowMs));
    this.#sessions.forgetOld(nowMs);
  }

  /** An initiation whose static key is this peer's. What is refused changes nothing. */
  takeInitiation(responder: Responder, message: InitiationMessage, source: Endpoint): Refusal | undefined {
    const now = this.#around.clock.bootMs();
    const answer = this.#negotiation.answer(responder, message, now);
    if (typeof answer === 'string') return answer;
    this.#timers.initiationReceived(now);
    this.#roam(source);
    this.#install(answer.session, now);
    this.#handshakeSentMs = now;
    this.#timers.responseSent(now);
    this.#around.send(answer.message, this.#path.endpoint() ?? source);
    return undefined;
  }

  /** Whether it was the answer to our initiation. */
  takeResponse(message: ResponseMessage, source: Endpoint): boolean {
    const session = this.#negotiation.finish(message);
    if (!session) return false;
    const now = this.#around.clock.bootMs();
    this.#roam(source);
    this.#install(session, now);
    this.#currentIndex = session.localIndex;
    this.#timers.responseReceived(now);
    this.#complete();
    // He may not send until he knows that we have the keys.
    this.#path.keepalive();
    return true;
  }

  takeCookie(message: CookieMessage): boolean {
    return this.#negotiation.macs.takeCookie(message, this.#around.clock.bootMs());
  }

  /** No session and no handshake is left. */
  close(): void {
    this.#forget();
    this.#negotiation.wipe();
  }

  #initiate(): void {
    const { clock, renewal, send } = this.#around;
    const now = clock.bootMs();
    const endpoint = this.#path.endpoint();
    if (!endpoint || now - this.#handshakeSentMs < renewal.timeoutMs) return;
    this.#handshakeSentMs = now;
    const message = this.#negotiation.initiate(now, clock.unixNs());
    this.#timers.initiationSent(now);
    send(message, endpoint);
  }

  #keepalive(): void {
    const { currentIndex } = this.#path.activity();
    if (this.#sessions.ageOf(currentIndex, this.#around.clock.bootMs())) this.#path.keepalive();
    else this.#timers.want();
  }

  #install(session: Session, nowMs: number): void {
    this.#sessions.add(session.localIndex, { createdMs: nowMs, initiator: session.initiator });
    this.#path.install(session);
  }

  #complete(): void {
    this.#timers.complete();
    this.#lastHandshake = new Date(Number(this.#around.clock.unixNs() / 1_000_000n));
  }

  #roam(source: Endpoint): void {
    if (!this.#pinned) this.#path.setEndpoint(source);
  }

  #forget(): void {
    this.#path.clear();
    this.#negotiation.abandon();
    this.#sessions.clear();
  }
}
