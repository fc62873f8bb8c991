import type { SignedAuthError } from '../client/errors.js';
import type { Session } from '../client/session.js';

/** Packets that are signed before a session pays. */
const FIRST_PACKETS = 2;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export interface UpgradeOptions {
  /** Asks for a session. */
  open: (signal: AbortSignal) => Promise<Session>;
  onSession: (session: Session) => void;
  onError: (error: SignedAuthError) => void;
}

/** The session with one gate: asked for, renewed and given up while packets are sent, without timers. */
export class Upgrade {
  readonly #options: UpgradeOptions;
  readonly #controller = new AbortController();
  #session: Session | undefined;
  #packets = 0;
  #isOpening = false;
  #failed = 0;
  #nextAttempt = 0;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** The session for the next packet; undefined while there is none, so that the packet is to be signed. */
  next(): Session | undefined {
    this.#packets++;
    if (this.#session?.isOver) this.#drop();
    const isWanted = this.#session ? this.#session.isDue : this.#packets > FIRST_PACKETS;
    if (isWanted && !this.#isOpening && Date.now() >= this.#nextAttempt) void this.#open();
    return this.#session;
  }

  /** Ends the session and what is under way. */
  close(): void {
    this.#controller.abort();
    this.#drop();
  }

  #drop(): void {
    this.#session?.end();
    this.#session = undefined;
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const session = await this.#options.open(this.#controller.signal);
      if (this.#controller.signal.aborted) return session.end();
      this.#drop();
      this.#session = session;
      this.#failed = 0;
      this.#options.onSession(session);
    } catch (error) {
      if (this.#controller.signal.aborted) return;
      this.#nextAttempt = Date.now() + Math.min(FIRST_RETRY_MS * 2 ** this.#failed++, LONGEST_RETRY_MS);
      this.#options.onError(error as SignedAuthError);
    } finally {
      this.#isOpening = false;
    }
  }
}
