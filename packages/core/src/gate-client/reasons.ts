import { Reason } from './reasons.gen.js';

const NAMES = new Map<number, string>(Object.entries(Reason).map(([name, number]) => [number, name]));

/** The name of a verdict's status; a number that only a newer gate knows is told as `reason 123`. */
export function reasonName(status: number): string {
  return NAMES.get(status) ?? `reason ${status}`;
}
