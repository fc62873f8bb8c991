import { Reason } from '@cryptbpf/core';
import { reasonName } from '@cryptbpf/core/gate-client';

/** Where the reasons of features begin that came after the first two. */
const OF_OTHERS = 128;

/** Whether a gate for proofs of work can give a reason: the enum is that of all features. */
export function isOurs(reason: Reason): boolean {
  return (
    reason < OF_OTHERS &&
    (reason < Reason.PASS_SIGNED || reason >= Reason.ANSWER_CHALLENGE) &&
    (reason < Reason.ANSWER_COOKIE || reason >= Reason.DROP_TRUNCATED) &&
    (reason < Reason.DROP_UNSIGNED || reason > Reason.DROP_SESSION_TAG)
  );
}

/** How often each reason was given, for who reads the log: what random packets do not reach, they do not test. */
export class Reached {
  readonly #counts = new Map<Reason, number>();

  add(reason: Reason, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  has(reason: Reason): boolean {
    return this.#counts.has(reason);
  }

  /** Of these, the names of those that were never given. */
  missing(reasons: readonly Reason[]): string[] {
    return reasons.filter((reason) => !this.has(reason)).map(reasonName);
  }

  tell(title: string): void {
    const counts = [...this.#counts].sort(([, a], [, b]) => b - a);
    console.log(`${title}: ${counts.map(([reason, count]) => `${reasonName(reason)} ${count}`).join(', ')}`);
  }
}
