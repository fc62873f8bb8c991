import type { PeerPath } from '../contract.js';
import {
  KEEPALIVE_TIMEOUT_MS,
  REJECT_AFTER_MS,
  REKEY_ATTEMPT_MS,
  REKEY_JITTER_MS,
  REKEY_TIMEOUT_MS,
  type Renewal,
  Timer,
} from './timing.js';

const MAX_ATTEMPTS = REKEY_ATTEMPT_MS / REKEY_TIMEOUT_MS;

/** What timers lead to. */
export interface Actions {
  /** Sends an initiation, unless one was sent just now. */
  initiate(): void;
  keepalive(): void;
  /** All keys of the peer are to go. */
  forget(): void;
}

/** When a session was made, and by whom. */
export interface SessionAge {
  readonly createdMs: number;
  readonly initiator: boolean;
}

type Activity = ReturnType<PeerPath['activity']>;

/** The same, on the boot clock in milliseconds. */
interface Seen {
  readonly sent: number;
  readonly received: number;
  readonly dataSent: number;
  readonly dataReceived: number;
  readonly wanted: number;
}

/**
 * WireGuard's timers for one peer (its paper, section 6). The kernel moves packets alone and says when it last did:
 * what happened since the last look becomes WireGuard's events here.
 */
export class PeerTimers {
  readonly #actions: Actions;
  readonly #renewal: Renewal;
  readonly #persistentMs: number;
  #activity: Activity;
  #seen: Seen;
  #attempts = 0;
  #lastMinute = false;
  #anotherKeepalive = false;

  readonly #retransmit = new Timer();
  readonly #keepalive = new Timer();
  readonly #newHandshake = new Timer();
  readonly #forget = new Timer();
  readonly #persistent = new Timer();

  /** What was before `start` does not count. */
  constructor(actions: Actions, renewal: Renewal, persistentMs: number, start: Activity) {
    this.#actions = actions;
    this.#renewal = renewal;
    this.#persistentMs = persistentMs;
    this.#activity = start;
    this.#seen = seenOf(start);
    if (persistentMs > 0) this.#persistent.set(0, 0);
  }

  /** Does what is due by now. `session` is the one that packets go out with. */
  tick(nowMs: number, activity: Activity, session: SessionAge | undefined): void {
    if (activity !== this.#activity) this.#notice(activity, session);
    this.#expire(nowMs);
  }

  #notice(activity: Activity, session: SessionAge | undefined): void {
    const before = this.#seen;
    const seen = seenOf(activity);
    this.#activity = activity;
    this.#seen = seen;
    if (seen.received > before.received) this.#received(seen.received);
    if (seen.dataSent > before.dataSent) this.#dataSent(seen);
    if (seen.sent > before.sent) this.#sent(seen.sent);
    if (seen.dataReceived > before.dataReceived) this.#dataReceived(seen);
    const sent = seen.sent > before.sent && this.#isOldForSending(seen, activity, session);
    const received = seen.received > before.received && this.#isOldForReceiving(seen, session);
    if (sent || received || seen.wanted > before.wanted) this.want();
  }

  /** There is a reason for a handshake that is not a failed one. */
  want(): void {
    this.#attempts = 0;
    this.#actions.initiate();
  }

  initiationSent(nowMs: number): void {
    this.#sent(nowMs);
    this.#retransmit.set(nowMs, this.#renewal.timeoutMs + jitter());
  }

  responseSent(nowMs: number): void {
    this.#sent(nowMs);
    this.#derived(nowMs);
  }

  initiationReceived(nowMs: number): void {
    this.#received(nowMs);
  }

  responseReceived(nowMs: number): void {
    this.#received(nowMs);
    this.#derived(nowMs);
    this.complete();
  }

  /** Both sides have the keys: by their response, or by their first packet under what we responded with. */
  complete(): void {
    this.#retransmit.clear();
    this.#attempts = 0;
    this.#lastMinute = false;
  }

  #sent(ms: number): void {
    this.#keepalive.clearBy(ms);
    this.#traversed(ms);
  }

  #received(ms: number): void {
    this.#newHandshake.clearBy(ms);
    this.#traversed(ms);
  }

  #traversed(ms: number): void {
    if (this.#persistentMs > 0) this.#persistent.set(ms, this.#persistentMs);
  }

  /** Somebody who does not answer for so long may have lost his keys. */
  #dataSent({ dataSent, received }: Seen): void {
    if (dataSent <= received || this.#newHandshake.pending) return;
    this.#newHandshake.set(dataSent, KEEPALIVE_TIMEOUT_MS + REKEY_TIMEOUT_MS + jitter());
  }

  /** Who sends wants to hear something. */
  #dataReceived({ dataReceived, sent }: Seen): void {
    if (dataReceived <= sent) return;
    if (this.#keepalive.pending) this.#anotherKeepalive = true;
    else this.#keepalive.set(dataReceived, KEEPALIVE_TIMEOUT_MS);
  }

  #derived(ms: number): void {
    this.#forget.set(ms, 3 * REJECT_AFTER_MS);
  }

  /** The initiator alone renews by time, so that not both do. */
  #isOldForSending({ sent }: Seen, { lastCounter }: Activity, session: SessionAge | undefined): boolean {
    if (!session) return false;
    const byTime = session.initiator && sent >= session.createdMs + this.#renewal.afterMs;
    return byTime || lastCounter >= this.#renewal.afterMessages;
  }

  /** Once, before the session ends, where we only receive. */
  #isOldForReceiving({ received }: Seen, session: SessionAge | undefined): boolean {
    if (!session?.initiator || this.#lastMinute) return false;
    const last = session.createdMs + REJECT_AFTER_MS - KEEPALIVE_TIMEOUT_MS - REKEY_TIMEOUT_MS;
    this.#lastMinute = received >= last;
    return this.#lastMinute;
  }

  #expire(nowMs: number): void {
    if (this.#retransmit.expire(nowMs)) this.#retry(nowMs);
    if (this.#newHandshake.expire(nowMs)) this.want();
    if (this.#keepalive.expire(nowMs)) this.#keepAlive(nowMs);
    if (this.#persistent.expire(nowMs)) {
      this.#traversed(nowMs);
      this.#actions.keepalive();
    }
    if (this.#forget.expire(nowMs)) this.#actions.forget();
  }

  #retry(nowMs: number): void {
    if (this.#attempts <= MAX_ATTEMPTS) {
      this.#attempts++;
      this.#actions.initiate();
      return;
    }
    this.#keepalive.clear();
    if (!this.#forget.pending) this.#derived(nowMs);
  }

  #keepAlive(nowMs: number): void {
    this.#actions.keepalive();
    if (this.#anotherKeepalive) this.#keepalive.set(nowMs, KEEPALIVE_TIMEOUT_MS);
    this.#anotherKeepalive = false;
  }
}

function seenOf(activity: Activity): Seen {
  return {
    sent: ms(activity.lastSentNs),
    received: ms(activity.lastReceivedNs),
    dataSent: ms(activity.lastDataSentNs),
    dataReceived: ms(activity.lastDataReceivedNs),
    wanted: ms(activity.lastWantedNs),
  };
}

function ms(ns: bigint): number {
  return Number(ns) / 1e6;
}

function jitter(): number {
  return Math.random() * REKEY_JITTER_MS;
}
