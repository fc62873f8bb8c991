/* What the demo shows: numbered steps, under each a line of counters that moves, and tables at the end. */

let out = process.stdout;
const PLAIN_INTERVAL_MS = 2000;

let steps = 0;
let lastPlain = 0;
let isLive = false;

/** stdout is for a program to read. */
export function showOnStderr() {
  out = process.stderr;
}

export const number = (value) => Math.round(value).toLocaleString('en-US');
export const percent = (share) => `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;

export function say(text = '') {
  endLive();
  out.write(`${text}\n`);
}

export function step(text) {
  say(`\n${++steps}. ${text}`);
  lastPlain = Date.now();
}

/** A line that the next one overwrites; where there is no terminal, a line now and then. */
export function live(text) {
  if (out.isTTY) {
    out.write(`\r\x1b[K   ${text}`);
    isLive = true;
  } else if (Date.now() - lastPlain >= PLAIN_INTERVAL_MS) {
    lastPlain = Date.now();
    out.write(`   ${text}\n`);
  }
}

/** Leaves the live line as it is, if there is one, and begins another. */
export function endLive() {
  if (isLive) out.write('\n');
  isLive = false;
}

/** Rows of text; the first column is text, the others are numbers. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ');
  const [head, ...body] = rows.map(line);
  say([head, '-'.repeat(head.length), ...body].join('\n'));
}
