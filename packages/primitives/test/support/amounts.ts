/*
 * Under emulation, which is 10 to 20 times slower, some of the cases: the machine itself sees all of them.
 */
const isEmulated = process.env.CRYPTBPF_VM !== undefined;

export const cases = (count: number) => (isEmulated ? Math.ceil(count / 100) : count);

/** All lengths from 0 on; under emulation those of the first blocks, and some that are in every place of a block. */
export function lengthsUpTo(max: number): number[] {
  const all = Array.from({ length: max + 1 }, (_, length) => length);
  return isEmulated
    ? all.filter(
        (length) => length < 8 || (length > 54 && length < 74) || length % 61 === 0 || length === max,
      )
    : all;
}
