import { judge } from './goal.mjs';

const COLUMNS = ['', 'best', 'median', 'unit', 'baseline', '(median)', 'ratio', 'goal'];

/** Rows as text, each with its baseline, and what was measured below. */
export function formatTable(rows) {
  const lines = [COLUMNS, ...rows.map(cells)];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const table = lines.map((line) =>
    line
      .map((cell, i) => pad(cell, widths[i], i))
      .join('  ')
      .trimEnd(),
  );
  const notes = rows.map(({ name, note, baseline }) => `${name}: ${note}. Baseline: ${baseline.name}.`);
  return [...table, '', ...notes].join('\n');
}

function cells(row) {
  const { name, unit, value, median, baseline, ratio } = row;
  const figures = [
    name,
    format(value),
    format(median),
    unit,
    format(baseline.value),
    format(baseline.median),
  ];
  return [...figures, ratio.toFixed(2), verdict(row)];
}

/** Names and units to the left, numbers to the right. */
function pad(cell, width, column) {
  return column === 0 || column === 3 || column === 7 ? cell.padEnd(width) : cell.padStart(width);
}

function format(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function verdict(row) {
  return judge(row, format)
    .map(([text, isMet]) => `${text}: ${isMet ? 'met' : 'MISSED'}`)
    .join(', ');
}
