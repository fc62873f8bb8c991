/** The reasons with which a gate answers a solution; their numbers are fixed for ever. */
export const REASONS = {
  DROP_KEY_ID: 90,
  DROP_CHALLENGE_FUTURE: 91,
  DROP_CHALLENGE_EXPIRED: 92,
  DROP_CHALLENGE_BEFORE_START: 93,
  DROP_DIFFICULTY: 94,
  DROP_TAG: 95,
  DROP_SPENT: 96,
  DROP_PROOF: 97,
  DROP_SPENT_FULL: 98,
  DROP_PREFIX_LIMITED: 99,
  DROP_ADMISSION_FAILED: 100,
} as const;

const NAMES = new Map<number, string>(Object.entries(REASONS).map(([name, number]) => [number, name]));

/** The name of a verdict's status; a number that a newer gate may use is told as `reason 123`. */
export function reasonName(status: number): string {
  return NAMES.get(status) ?? `reason ${status}`;
}
