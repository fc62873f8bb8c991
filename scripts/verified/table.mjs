const BEGIN = '<!-- verified: begin -->\n';
const END = '<!-- verified: end -->';
const HEAD = ['object', 'program', 'verified', 'load'];

/** The page with something new between its marks. */
export function withTable(page, table) {
  const { before, after } = split(page);
  return `${before}${BEGIN}\n${table}\n\n${END}${after}`;
}

/** The counts of the page's table, by "object/program". */
export function recordedCounts(page) {
  const counts = new Map();
  let object;
  for (const line of split(page).table.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll(/[`,]/g, ''));
    const [, name, program, count] = cells;
    if (!/^\d+$/.test(count ?? '')) continue;
    object = name || object;
    counts.set(`${object}/${program}`, Number(count));
  }
  return counts;
}

/** Of the page's table, such as "6.18". */
export function recordedKernel(page) {
  return /^Linux (\d+\.\d+),/m.exec(split(page).table)?.[1];
}

function split(page) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page lacks the marks ${BEGIN.trim()} and ${END}`);
  return {
    before: page.slice(0, begin),
    table: page.slice(begin + BEGIN.length, end),
    after: page.slice(end + END.length),
  };
}

export function formatCounts(objects) {
  const lines = objects.flatMap(({ object, loadMs, programs }) =>
    programs.map(({ program, verified }, i) => [
      i === 0 ? `\`${object}\`` : '',
      `\`${program}\``,
      verified.toLocaleString('en'),
      i === 0 ? `${loadMs.toFixed(loadMs < 10 ? 1 : 0)} ms` : '',
    ]),
  );
  const widths = HEAD.map((_, i) => Math.max(...[HEAD, ...lines].map((line) => line[i].length)));
  const pad = (cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]));
  const row = (cells) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = row(widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  return [row(HEAD), rule, ...lines.map(row)].join('\n');
}
