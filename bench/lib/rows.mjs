/**
 * A row of the results, from the times per operation of both sides. `ratio` > 1: we are ahead.
 * Medians and the note are for readers, not for comparisons.
 */
export function timeRow(name, unit, ours, baselineName, theirs, { note = '', goal } = {}) {
  return {
    name,
    unit,
    value: round(ours.best),
    baseline: { name: baselineName, value: round(theirs.best), median: round(theirs.median) },
    ratio: round(theirs.best / ours.best),
    median: round(ours.median),
    note,
    ...(goal && { goal }),
  };
}

/** The same for a rate, where more is better: from nanoseconds per operation. */
export function rateRow(name, unit, ours, baselineName, theirs, more) {
  const row = timeRow(name, unit, ours, baselineName, theirs, more);
  const rate = (ns) => Math.round(1e9 / ns);
  const baseline = { name: baselineName, value: rate(theirs.best), median: rate(theirs.median) };
  return { ...row, value: rate(ours.best), median: rate(ours.median), baseline };
}

function round(value) {
  return Number(value.toPrecision(4));
}
