// performance.mjs: writes docs/performance.md and its plots from docs/performance.json, which is what `npm run -s bench -- --json` printed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { judge } from '../bench/lib/goal.mjs';
import { drawPlot } from '../bench/lib/plot.mjs';

const docs = new URL('../docs/', import.meta.url);
const { date, machine, rows } = JSON.parse(readFileSync(new URL('performance.json', docs), 'utf8'));

const packages = [...new Set(rows.map(({ name }) => name.split('/')[0]))];
const rowsOf = (name) => rows.filter((row) => row.name.startsWith(`${name}/`));

function format(value) {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}

function goalOf(row) {
  return judge(row, format)
    .map(([text, isMet]) => `${text}: ${isMet ? 'met' : '**missed**'}`)
    .join(', ');
}

function table(own) {
  const lines = own.map((row) => {
    const { name, unit, value, median, baseline, ratio } = row;
    const cells = [
      `\`${name}\``,
      `${format(value)} ${unit}`,
      format(median),
      `${format(baseline.value)} (${baseline.name})`,
      ratio.toFixed(2),
      goalOf(row),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| row | best | median | baseline | ratio | goal |',
    '| --- | --: | --: | --- | --: | --- |',
    ...lines,
  ].join('\n');
}

function section(name) {
  const own = rowsOf(name);
  writeFileSync(new URL(`plots/${name}.svg`, docs), drawPlot(own.filter(({ ratio }) => ratio > 0)));
  const notes = own.filter(({ note }) => note).map((row) => `- \`${row.name}\`: ${row.note}.`);
  return [
    `## ${name}`,
    table(own),
    `![${name}, compared with its baselines](plots/${name}.svg)`,
    notes.join('\n'),
  ].join('\n\n');
}

rmSync(new URL('plots/', docs), { recursive: true, force: true });
mkdirSync(new URL('plots/', docs));
const isBusy = machine.load > machine.cpus / 4;
const head = [
  '# Performance',
  `Measured ${date.slice(0, 10)} on ${machine.cpu}, ${machine.cpus} CPUs, Linux ${machine.kernel}, Node ${machine.node}. Load of the machine when it began: ${machine.load}. \`npm run bench\` measures; this page is written from what it printed, by \`node scripts/performance.mjs\`.`,
  ...(isBusy
    ? ['**The machine was busy with other work: of these figures, ratios alone mean something.**']
    : []),
  `\`best\` is the best of many small batches, \`median\` the middle one. Baselines ran in turns with ours, in the same run; a ratio above 1 means that ours is ahead. [bench](../bench) says what each row is, and what it is compared with.`,
];
const page = new URL('performance.md', docs);
writeFileSync(page, `${[...head, ...packages.map(section)].join('\n\n')}\n`);
execFileSync('npx', ['biome', 'format', '--write', page.pathname]);
