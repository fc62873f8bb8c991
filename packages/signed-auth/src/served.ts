/** Requests that are under way when their challenge ends, and clocks that differ. */
const SLACK_MS = 10_000;
const MOST = 65_536;

/**
 * Challenges of session requests that were answered. The program sees to it that each serves once; this is for what
 * comes to the socket past it, from the same host or by another interface.
 */
export class Served {
  /** Until when they are remembered, by challenge, in the order in which they came. */
  readonly #until = new Map<string, number>();

  /** False: the challenge has served, or is too old to tell, or there is no room to remember it. */
  take(challenge: Uint8Array, lifetimeMs: number, now: number = Date.now()): boolean {
    const view = new DataView(challenge.buffer, challenge.byteOffset, challenge.length);
    const issued = Number(view.getBigUint64(8));
    const window = lifetimeMs + SLACK_MS;
    this.#forget(now);
    const name = Buffer.from(challenge).toString('base64');
    if (Math.abs(now - issued) > window || this.#until.has(name) || this.#until.size >= MOST) return false;
    this.#until.set(name, now + 2 * window);
    return true;
  }

  #forget(now: number): void {
    for (const [name, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(name);
    }
  }
}
