import type { LogStats } from './logger.js';

/** What stats() says, in the text format of Prometheus: for whatever serves your metrics. */
export function formatMetrics(stats: LogStats): string {
  return [
    ...metric('epoch', 'gauge', 'The epoch that is being sealed.', stats.epoch),
    ...metric('sealed_records_total', 'counter', 'Records that the kernel has sealed.', stats.sealed.records),
    ...metric('sealed_bytes_total', 'counter', 'Their bytes.', stats.sealed.bytes),
    ...metric('written_bytes_total', 'counter', 'Bytes written to files.', stats.written),
    ...labelled('lost_events_total', 'cause', 'Events that were not recorded.', stats.lost),
    ...labelled('missed_runs_total', 'program', 'Times that the kernel did not run a program.', stats.missed),
    ...metric('alarms_total', 'counter', 'Alarms.', stats.alarms),
    ...metric('forwarded_frames_total', 'counter', 'Frames sent to who keeps a copy.', stats.forwarded.sent),
    ...metric('forward_dropped_total', 'counter', 'Frames that it did not take.', stats.forwarded.dropped),
    '',
  ].join('\n');
}

function metric(name: string, type: string, help: string, value: number): string[] {
  return [...head(name, type, help), `cryptbpf_log_${name} ${value}`];
}

function labelled(name: string, label: string, help: string, values: object): string[] {
  const lines = Object.entries(values).map(
    ([key, value]) => `cryptbpf_log_${name}{${label}="${key}"} ${value}`,
  );
  return [...head(name, 'counter', help), ...lines];
}

function head(name: string, type: string, help: string): string[] {
  return [`# HELP cryptbpf_log_${name} ${help}`, `# TYPE cryptbpf_log_${name} ${type}`];
}
