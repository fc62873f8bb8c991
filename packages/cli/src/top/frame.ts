import type { View } from './view.js';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

const REASONS = 6;
const MAPS = 3;

/** What a terminal of that size shows: no line is longer, and there are no more. */
export function frame(views: readonly View[], { columns, rows }: FrameSize): string[] {
  const lines = views.length === 0 ? ['Nothing is pinned.'] : views.flatMap(block);
  const shown =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return shown.map((line) => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`));
}

function block(view: View): string[] {
  const { feature, name, interface: on, passed, answered, dropped, lostEvents } = view;
  const rates = `  pass ${rate(passed)}  answer ${rate(answered)}  drop ${rate(dropped)}`;
  const lost = lostEvents > 0 ? [`  events lost: ${count(lostEvents)}`] : [];
  return [
    `${feature} ${name}${on === name ? '' : ` on ${on}`}${view.reasons.length > 0 ? rates : ''}`,
    ...reasonLines(view),
    ...mapLines(view),
    ...lost,
    ...programLines(view),
    '',
  ];
}

function reasonLines({ reasons }: View): string[] {
  return reasons.slice(0, REASONS).map(({ reason, packetsPerSecond, bytesPerSecond, packets }) => {
    const each = [rate(packetsPerSecond), bits(bytesPerSecond), `${count(packets)} in all`];
    return `  ${reason.padEnd(28)}${each.map((text) => text.padStart(15)).join('')}`;
  });
}

/** The fullest ones, of those that hold anything. */
function mapLines({ maps }: View): string[] {
  return maps
    .filter(({ entries }) => entries > 0)
    .slice(0, MAPS)
    .map(({ map, entries, capacity }) => {
      const share = capacity > 0 ? entries / capacity : 0;
      const bar = '#'.repeat(Math.round(share * 20)).padEnd(20, '.');
      return `  ${map.padEnd(28)}[${bar}] ${(share * 100).toFixed(1)} % of ${count(capacity)}`;
    });
}

function programLines({ programs }: View): string[] {
  return programs
    .filter(({ runsPerSecond }) => runsPerSecond > 0)
    .map(({ program, runsPerSecond, nsPerRun, share }) => {
      const each = [
        rate(runsPerSecond),
        `${nsPerRun.toFixed(0)} ns`,
        `${(share * 100).toFixed(1)} % of a CPU`,
      ];
      return `  ${program.padEnd(28)}${each.map((text) => text.padStart(15)).join('')}`;
    });
}

/** 1234567 is 1.23 M. */
export function count(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return unit === 0 ? `${Math.round(scaled)}` : `${scaled.toPrecision(3)}${units[unit]}`;
}

const rate = (perSecond: number) => `${count(perSecond)}/s`;
const bits = (bytesPerSecond: number) => `${count(bytesPerSecond * 8).replace(/\d$/, '$& ')}bit/s`;
