import type { Simulation } from './simulate.js';
import type { Trace } from './trace.js';

const WIDTH = 900;
const HEIGHT = 320;
const LEFT = 70;
const BOTTOM = 40;
const TOP = 30;
const WINDOWS = 60;
const COLOURS = ['#888888', '#0057b8', '#d9822b', '#7a3e9d', '#2e8b57', '#b03060'];

/** Latency over time, a line for each policy: the mean of requests that came in each sixtieth of the trace. SVG. */
export function plotLatency(trace: Trace, simulations: readonly Simulation[]): string {
  const endUs = trace.requests.at(-1)!.atUs;
  const series = simulations.map((simulation) => means(trace, simulation.latenciesUs, endUs));
  const all = series.flat().filter((value): value is number => value !== undefined);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (window: number) => LEFT + ((WIDTH - LEFT - 150) * (window + 0.5)) / WINDOWS;
  const y = (us: number) =>
    HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * Math.log(us / low)) / Math.log((high / low) * 1.01);
  const lines = series.map((values, i) => {
    const points = values.flatMap((value, window) =>
      value === undefined ? [] : [`${x(window).toFixed(1)},${y(value).toFixed(1)}`],
    );
    return `<polyline fill="none" stroke="${COLOURS[i]}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  const names = simulations.map(({ policy, meanUs }, i) => {
    const label = `${policy}: ${meanUs.toFixed(0)} µs`;
    return `<text x="${WIDTH - 140}" y="${TOP + 16 * i}" fill="${COLOURS[i]}">${label}</text>`;
  });
  const marks = trace.events.map(({ atUs, card }) => {
    const at = LEFT + ((WIDTH - LEFT - 150) * atUs) / endUs;
    const line = `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#bbbbbb" stroke-dasharray="4"/>`;
    return `${line}<text x="${at + 3}" y="${TOP}" fill="#555555">card ${card}</text>`;
  });
  const axis = [low, Math.sqrt(low * high), high].map(
    (us) =>
      `<text x="${LEFT - 6}" y="${y(us) + 4}" text-anchor="end" fill="#555555">${us.toPrecision(2)} µs</text>`,
  );
  const time = `<text x="${LEFT}" y="${HEIGHT - 12}" fill="#555555">0 s</text><text x="${WIDTH - 180}" y="${HEIGHT - 12}" fill="#555555">${(endUs / 1e6).toFixed(2)} s</text>`;
  const title = `<text x="${LEFT}" y="14" font-weight="bold">${trace.trace}: mean latency over time (logarithmic)</text>`;
  const body = [title, ...marks, ...lines, ...names, ...axis, time].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="${trace.trace}">\n<title>${trace.trace}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n${body}\n</svg>\n`;
}

function means(trace: Trace, latenciesUs: readonly number[], endUs: number): (number | undefined)[] {
  const sums = Array.from({ length: WINDOWS }, () => [0, 0] as [number, number]);
  trace.requests.forEach(({ atUs }, i) => {
    const sum = sums[Math.min(WINDOWS - 1, Math.floor((atUs / endUs) * WINDOWS))]!;
    sum[0] += latenciesUs[i]!;
    sum[1]++;
  });
  return sums.map(([sum, count]) => (count === 0 ? undefined : sum / count));
}
