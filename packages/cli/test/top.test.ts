import { expect, test } from 'vitest';
import { count, frame } from '../src/top/frame.js';
import { type Look, viewsOf } from '../src/top/view.js';

const owner = { feature: 'pow', name: 'edge', interface: 'eth0' };
const sample = (metric: string, value: number, labels: Record<string, string> = {}) =>
  ({ metric, value, labels: { ...owner, ...labels } }) as Look['samples'][number];

function look(atMs: number, dropped: number, runs = 0): Look {
  const drop = { direction: 'ingress', reason: 'DROP_NOT_ADMITTED' };
  const pass = { direction: 'ingress', reason: 'PASS_ADMITTED' };
  return {
    atMs,
    samples: [
      sample('packets_total', 10, pass),
      sample('bytes_total', 600, pass),
      sample('packets_total', dropped, drop),
      sample('bytes_total', dropped * 60, drop),
      sample('ring_lost_total', 3),
      sample('map_entries', 50, { map: 'admitted' }),
      sample('map_capacity', 100, { map: 'admitted' }),
      sample('map_entries', 0, { map: 'spent' }),
      sample('map_capacity', 100, { map: 'spent' }),
      sample('program_runs_total', runs, { program: 'pow_gate' }),
      sample('program_run_seconds_total', runs * 1e-6, { program: 'pow_gate' }),
    ],
  };
}

const views = viewsOf(look(1000, 100), look(3000, 5_000_100, 1000));

test('counters are rates, the busiest reason first', () => {
  expect(views).toMatchObject([
    {
      ...owner,
      passed: 0,
      dropped: 2_500_000,
      lostEvents: 3,
      reasons: [
        {
          reason: 'DROP_NOT_ADMITTED',
          packetsPerSecond: 2_500_000,
          bytesPerSecond: 150_000_000,
          packets: 5_000_100,
        },
        { reason: 'PASS_ADMITTED', packetsPerSecond: 0, packets: 10 },
      ],
      maps: [{ map: 'admitted', entries: 50, capacity: 100 }, { map: 'spent' }],
    },
  ]);
  expect(views[0]!.programs[0]).toMatchObject({ program: 'pow_gate', runsPerSecond: 500 });
  expect(views[0]!.programs[0]!.nsPerRun).toBeCloseTo(1000);
});

test('what was made anew counts from nothing, and never backwards', () => {
  expect(viewsOf(look(0, 500), look(1000, 20))[0]!.dropped).toBe(0);
  expect(viewsOf({ atMs: 0, samples: [] }, look(1000, 20))[0]!.dropped).toBe(20);
});

test('a frame shows it', () => {
  expect(frame(views, { columns: 100, rows: 20 })).toEqual([
    'pow edge on eth0  pass 0/s  answer 0/s  drop 2.50 M/s',
    '  DROP_NOT_ADMITTED                  2.50 M/s    1.20 Gbit/s  5.00 M in all',
    '  PASS_ADMITTED                           0/s        0 bit/s      10 in all',
    '  admitted                    [##########..........] 50.0 % of 100',
    '  events lost: 3',
    '  pow_gate                              500/s        1000 ns 0.1 % of a CPU',
    '',
  ]);
  expect(frame([], { columns: 80, rows: 24 })).toEqual(['Nothing is pinned.']);
});

test('a frame fits the terminal', () => {
  const small = frame([...views, ...views], { columns: 20, rows: 5 });
  expect(small).toHaveLength(5);
  expect(Math.max(...small.map(({ length }) => length))).toBeLessThanOrEqual(20);
  expect(small.at(-1)).toBe('… 10 more lines');
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1.00 k'],
  [12_345_678, '12.3 M'],
])('%d is %s', (value, text) => expect(count(value)).toBe(text));
