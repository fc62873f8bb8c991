import { Reason } from '@cryptbpf/core';

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
