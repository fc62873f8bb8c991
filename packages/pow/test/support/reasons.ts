import { Reason } from '@cryptbpf/core';

/** Whether a gate for proofs of work can give a reason: the enum is that of all features. */
export function isOurs(reason: Reason): boolean {
  return (
    reason !== Reason.ANSWER_COOKIE &&
    (reason < Reason.PASS_SIGNED || reason > Reason.PASS_SESSION_REQUEST) &&
    (reason < Reason.DROP_UNSIGNED || reason > Reason.DROP_SESSION_TAG)
  );
}
