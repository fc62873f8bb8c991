/**
 * What is asked of a row, as [text, whether it is so]. A goal may have:
 *
 *   value   at most so much, or of a rate at least
 *   ratio   to the baseline, at least
 *   first   as value, of the machine where the goal was set: figures of another one say little about it
 */
export function judge({ goal, unit, value, ratio }, format) {
  const isRate = unit.endsWith('/s');
  const sign = isRate ? '≥' : '≤';
  const isMet = (asked) => (isRate ? value >= asked : value <= asked);
  const { value: here, ratio: least, first } = goal ?? {};
  return [
    ...(here === undefined ? [] : [[`${sign} ${format(here)}`, isMet(here)]]),
    ...(least === undefined ? [] : [[`ratio ≥ ${least}`, ratio >= least]]),
    ...(first === undefined ? [] : [[`on the first machine ${sign} ${format(first)}`, isMet(first)]]),
  ];
}
