/* What there is to know, before it is Prometheus's. */

type Kind = 'counter' | 'gauge';

export interface Description {
  readonly kind: Kind;
  readonly help: string;
  readonly labels: readonly string[];
}

const OF_FEATURE = ['feature', 'name', 'interface'] as const;
const COUNTED = [...OF_FEATURE, 'direction', 'reason'] as const;

/** All metrics, without the prefix "cryptbpf_". */
export const METRICS = {
  packets_total: { kind: 'counter', help: 'Packets by what became of them.', labels: COUNTED },
  bytes_total: { kind: 'counter', help: 'Their bytes.', labels: COUNTED },
  ring_lost_total: { kind: 'counter', help: 'Events that found no room.', labels: OF_FEATURE },
  map_entries: { kind: 'gauge', help: 'Elements of a map.', labels: [...OF_FEATURE, 'map'] },
  map_capacity: { kind: 'gauge', help: 'Elements that it has room for.', labels: [...OF_FEATURE, 'map'] },
  program_runs_total: {
    kind: 'counter',
    help: 'Runs of a program, while the kernel measures them (kernel.bpf_stats_enabled).',
    labels: [...OF_FEATURE, 'program'],
  },
  program_run_seconds_total: {
    kind: 'counter',
    help: 'The time that those took.',
    labels: [...OF_FEATURE, 'program'],
  },
  key_age_seconds: {
    kind: 'gauge',
    help: 'Since the last handshake with a peer.',
    labels: [...OF_FEATURE, 'peer'],
  },
  peer_packets_total: {
    kind: 'counter',
    help: 'Packets of a peer.',
    labels: [...OF_FEATURE, 'peer', 'direction'],
  },
  peer_bytes_total: { kind: 'counter', help: 'Their bytes.', labels: [...OF_FEATURE, 'peer', 'direction'] },
  value: { kind: 'gauge', help: 'Another number of stats().', labels: [...OF_FEATURE, 'path'] },
} as const satisfies Record<string, Description>;

export type MetricName = keyof typeof METRICS;

/** Whose numbers they are. */
export interface Owner {
  readonly feature: string;
  readonly name: string;
  /** Of several, with commas: they share what is counted. */
  readonly interface: string;
}

export interface Sample {
  readonly metric: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** As reasons are counted. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

export function sample(
  owner: Owner,
  metric: MetricName,
  value: number | bigint,
  labels: Readonly<Record<string, string>> = {},
): Sample {
  return { metric, value: Number(value), labels: { ...owner, ...labels } };
}

/** Reasons that never were are left out: most are other features'. */
export function reasonSamples(owner: Owner, direction: string, reason: string, count: Count): Sample[] {
  const labels = { direction, reason };
  const counted = [
    sample(owner, 'packets_total', count.packets, labels),
    sample(owner, 'bytes_total', count.bytes, labels),
  ];
  return [
    ...(count.packets > 0n ? counted : []),
    ...(reason === 'EVENT_LOST' && direction === 'ingress'
      ? [sample(owner, 'ring_lost_total', count.packets)]
      : []),
  ];
}
