const WIDTH = 720;
const LABEL = 190;
const ROW = 34;
const TOP = 56;
const RIGHT = 90;
const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}.small{font-size:10px;fill:#57606a}' +
  'line{stroke:#d0d7de}.one{stroke:#57606a;stroke-dasharray:4 3}rect{fill:#2da44e}rect.behind{fill:#bf8700}';

/** How many times faster than its baseline each row is: bars on a logarithmic scale, around 1. */
export function drawPlot(rows) {
  const logs = rows.map(({ ratio }) => Math.log10(ratio));
  const low = Math.floor(Math.min(-0.5, ...logs));
  const high = Math.ceil(Math.max(1, ...logs));
  const x = (log) => LABEL + ((log - low) / (high - low)) * (WIDTH - LABEL - RIGHT);
  const height = TOP + rows.length * ROW + 16;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>Speed compared with the baseline of each row</title><style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" style="fill:#fff"/>`,
    `<text class="title" x="12" y="22">Speed compared with the baseline (1 = as fast)</text>`,
    ...ticks(low, high).map((log) => tick(log, x(log), height)),
    ...rows.map((row, i) => bar(row, x, TOP + i * ROW)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function ticks(low, high) {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

function tick(log, x, height) {
  const line = `<line${log === 0 ? ' class="one"' : ''} x1="${x}" x2="${x}" y1="${TOP - 10}" y2="${height - 10}"/>`;
  return `${line}<text class="small" x="${x}" y="${TOP - 14}" text-anchor="middle">${10 ** log}×</text>`;
}

function bar({ name, unit, value, baseline, ratio }, x, y) {
  const [from, to] = [x(0), x(Math.log10(ratio))];
  const [left, width] = [Math.min(from, to), Math.max(1, Math.abs(to - from))];
  const behind = ratio < 1 ? ' class="behind"' : '';
  return [
    `<text x="12" y="${y + 12}">${escapeXml(name)}</text>`,
    `<text class="small" x="12" y="${y + 24}">${escapeXml(`${short(value)} / ${short(baseline.value)} ${unit}`)}</text>`,
    `<rect${behind} x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="18" rx="2"/>`,
    `<text x="${Math.max(from, to) + 6}" y="${y + 13}">${ratio.toPrecision(3)}×</text>`,
  ].join('');
}

function short(value) {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} M` : value.toPrecision(4).replace(/\.0+$/, '');
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
