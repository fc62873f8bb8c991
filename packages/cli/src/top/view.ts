import type { Sample } from '@cryptbpf/core';

/** What was measured at a moment. */
export interface Look {
  readonly atMs: number;
  readonly samples: readonly Sample[];
}

export interface ReasonRate {
  readonly reason: string;
  readonly packetsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Since it was made. */
  readonly packets: number;
}

export interface MapFill {
  readonly map: string;
  readonly entries: number;
  readonly capacity: number;
}

export interface RunTime {
  readonly program: string;
  readonly runsPerSecond: number;
  /** Nanoseconds of one run, on average; 0: it did not run, or nobody measures. */
  readonly nsPerRun: number;
  /** Of one processor, 0 to 1. */
  readonly share: number;
}

/** One feature, between two looks. */
export interface View {
  readonly feature: string;
  readonly name: string;
  readonly interface: string;
  /** Packets a second, by what became of them. */
  readonly passed: number;
  readonly answered: number;
  readonly dropped: number;
  readonly reasons: readonly ReasonRate[];
  readonly maps: readonly MapFill[];
  readonly lostEvents: number;
  readonly programs: readonly RunTime[];
}

/** All features of the later look. One that was not there before, or was made anew, counts from then on. */
export function viewsOf(before: Look, now: Look): View[] {
  const owners = new Map(now.samples.map((sample) => [ownerOf(sample), sample.labels]));
  const change = changeOf(before, now);
  return [...owners].map(([owner, { feature = '', name = '', interface: on = '' }]) => {
    const own = now.samples.filter((sample) => ownerOf(sample) === owner);
    const reasons = reasonsOf(own, change);
    const sum = (kind: string) =>
      reasons
        .filter(({ reason }) => reason.startsWith(kind))
        .reduce((all, { packetsPerSecond }) => all + packetsPerSecond, 0);
    const lost = own.find(({ metric }) => metric === 'ring_lost_total')?.value ?? 0;
    return {
      feature,
      name,
      interface: on,
      passed: sum('PASS_'),
      answered: sum('ANSWER_'),
      dropped: sum('DROP_'),
      reasons,
      maps: mapsOf(own),
      lostEvents: lost,
      programs: programsOf(own, change),
    };
  });
}

/** Of a counter, a second. */
type Change = (sample: Sample | undefined) => number;

function changeOf(before: Look, now: Look): Change {
  const seconds = Math.max(now.atMs - before.atMs, 1) / 1000;
  const values = new Map(before.samples.map((sample) => [keyOf(sample), sample.value]));
  return (sample) => {
    if (!sample) return 0;
    const earlier = values.get(keyOf(sample)) ?? 0;
    return Math.max(0, sample.value - earlier) / seconds;
  };
}

function reasonsOf(own: readonly Sample[], change: Change): ReasonRate[] {
  const bytes = new Map(
    own.filter(({ metric }) => metric === 'bytes_total').map((sample) => [labelsOf(sample), sample]),
  );
  return own
    .filter(({ metric, labels }) => metric === 'packets_total' && labels.reason !== 'EVENT_LOST')
    .map((sample) => ({
      reason: sample.labels.direction === 'egress' ? `${sample.labels.reason} (out)` : sample.labels.reason!,
      packetsPerSecond: change(sample),
      bytesPerSecond: change(bytes.get(labelsOf(sample))),
      packets: sample.value,
    }))
    .sort((a, b) => b.packetsPerSecond - a.packetsPerSecond || b.packets - a.packets);
}

function mapsOf(own: readonly Sample[]): MapFill[] {
  const capacities = new Map(
    own.filter(({ metric }) => metric === 'map_capacity').map(({ labels, value }) => [labels.map, value]),
  );
  return own
    .filter(({ metric }) => metric === 'map_entries')
    .map(({ labels, value }) => ({
      map: labels.map!,
      entries: value,
      capacity: capacities.get(labels.map) ?? 0,
    }))
    .sort((a, b) => b.entries / b.capacity - a.entries / a.capacity);
}

function programsOf(own: readonly Sample[], change: Change): RunTime[] {
  const seconds = new Map(
    own
      .filter(({ metric }) => metric === 'program_run_seconds_total')
      .map((sample) => [sample.labels.program, sample]),
  );
  return own
    .filter(({ metric }) => metric === 'program_runs_total')
    .map((sample) => {
      const runsPerSecond = change(sample);
      const share = change(seconds.get(sample.labels.program));
      const nsPerRun = runsPerSecond > 0 ? (share / runsPerSecond) * 1e9 : 0;
      return { program: sample.labels.program!, runsPerSecond, nsPerRun, share };
    });
}

const labelsOf = ({ labels }: Sample) => JSON.stringify(labels);
const keyOf = (sample: Sample) => `${sample.metric} ${labelsOf(sample)}`;
const ownerOf = ({ labels: { feature, name, interface: on } }: Sample) => JSON.stringify([feature, name, on]);
