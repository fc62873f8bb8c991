const WIDTH = 720;
const HEIGHT = 360;
const FRAME = { left: 56, right: 120, top: 44, bottom: 48 };
const LABEL_HEIGHT = 15;
const COLOURS = ['#2da44e', '#0969da', '#bf3989'];
const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}.small{font-size:10px;fill:#57606a}' +
  'line{stroke:#d0d7de}.level{stroke:#57606a;stroke-dasharray:4 3}polyline{fill:none;stroke-width:2}';

/**
 * Lines over a logarithmic x and a y from 0. series: [{name, points: [{x, y}]}]; level: {name, y}, a line across.
 */
export function drawLines({ title, x, y, series, level }) {
  const points = series.flatMap((line) => line.points);
  const scale = scaleOf(points, Math.max(level.y, ...points.map((point) => point.y)));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${title}</title><style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="title" x="12" y="22">${title}</text>`,
    ...scale.xTicks.map((value) => xTick(value, scale)),
    ...scale.yTicks.map((value) => yTick(value, y, scale)),
    `<text class="small" x="${WIDTH - FRAME.right}" y="${HEIGHT - 12}" text-anchor="end">${x}</text>`,
    levelLine(level, scale),
    ...series.map((line, i) => seriesLine(line, COLOURS[i % COLOURS.length], scale)),
    ...labels(series, scale),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function scaleOf(points, highest) {
  const logs = points.map((point) => Math.log2(point.x));
  const [from, to] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  const step = 10;
  const top = Math.ceil(highest / step) * step;
  return {
    x: (value) => FRAME.left + ((Math.log2(value) - from) / (to - from)) * (WIDTH - FRAME.left - FRAME.right),
    y: (value) => HEIGHT - FRAME.bottom - (value / top) * (HEIGHT - FRAME.top - FRAME.bottom),
    xTicks: Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i)),
    yTicks: Array.from({ length: top / step + 1 }, (_, i) => i * step),
  };
}

function xTick(value, scale) {
  const at = scale.x(value);
  const line = `<line x1="${at}" x2="${at}" y1="${FRAME.top}" y2="${HEIGHT - FRAME.bottom}"/>`;
  return `${line}<text class="small" x="${at}" y="${HEIGHT - FRAME.bottom + 14}" text-anchor="middle">${value}</text>`;
}

function yTick(value, unit, scale) {
  const at = scale.y(value);
  const line = `<line x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${at}" y2="${at}"/>`;
  return `${line}<text class="small" x="${FRAME.left - 6}" y="${at + 3}" text-anchor="end">${value} ${unit}</text>`;
}

function levelLine({ name, y }, scale) {
  const at = scale.y(y);
  const line = `<line class="level" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${at}" y2="${at}"/>`;
  return `${line}<text x="${WIDTH - FRAME.right + 6}" y="${at + 4}">${name} ${y.toFixed(1)}</text>`;
}

function seriesLine({ points }, colour, scale) {
  const place = ({ x, y }) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`;
  return [
    `<polyline stroke="${colour}" points="${points.map(place).join(' ')}"/>`,
    ...points.map((point) => circle(point, colour, scale)),
  ].join('');
}

/** At the right, where the lines end or higher: none upon another. */
function labels(series, scale) {
  const ends = series.map(({ name, points }, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length],
    at: scale.y(points.at(-1).y),
  }));
  let free = Number.POSITIVE_INFINITY;
  return ends
    .sort((a, b) => b.at - a.at)
    .map(({ name, colour, at }) => {
      free = Math.min(at, free - LABEL_HEIGHT);
      return `<text x="${WIDTH - FRAME.right + 6}" y="${(free + 4).toFixed(1)}" style="fill:${colour}">${name}</text>`;
    });
}

function circle({ x, y }, colour, scale) {
  return `<circle cx="${scale.x(x).toFixed(1)}" cy="${scale.y(y).toFixed(1)}" r="3" fill="${colour}"><title>${y.toFixed(1)}</title></circle>`;
}
