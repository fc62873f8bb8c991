import type { RecordEntry } from './entries.js';
import type { Content, ProcessInfo } from './record.js';

/** plain: this package's own names. ecs: Elastic Common Schema. otel: a log record of OpenTelemetry. */
export type Format = 'plain' | 'ecs' | 'otel';

type EventContent = Extract<Content, { process: ProcessInfo }>;

/** A record as JSON, on one line; undefined where the format has no place for it (beats and such, but in plain). */
export function formatRecord(record: RecordEntry, format: Format): string | undefined {
  const { content } = record;
  if (format === 'plain') return toJson({ ...record, time: isoOf(record) });
  if (!('process' in content)) return undefined;
  return toJson(format === 'ecs' ? ecsOf(record, content) : otelOf(record, content));
}

/** 64-bit numbers as strings. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}

function isoOf({ unixNs }: RecordEntry): string | undefined {
  return unixNs === undefined ? undefined : new Date(Number(unixNs / 1_000_000n)).toISOString();
}

function ecsOf(record: RecordEntry, content: EventContent): object {
  const { process } = content;
  return {
    '@timestamp': isoOf(record),
    event: {
      kind: 'event',
      category: ['process'],
      type: [content.type === 'exec' ? 'start' : 'end'],
      action: content.type,
      sequence: record.sequence,
      ...(content.type === 'exit' && { duration: content.durationNs }),
    },
    process: {
      pid: process.pid,
      parent: { pid: process.ppid },
      name: process.comm,
      ...(content.type === 'exec' && {
        executable: content.path,
        args: content.argv,
        args_count: content.argv.length,
      }),
      ...(content.type === 'exit' && {
        exit_code: content.signal === 0 ? content.code : 128 + (content.signal & 0x7f),
      }),
    },
    user: {
      id: String(process.uid),
      effective: { id: String(process.euid) },
      group: { id: String(process.gid) },
    },
  };
}

function otelOf(record: RecordEntry, content: EventContent): object {
  const { process } = content;
  const attributes: Record<string, unknown> = {
    'process.pid': process.pid,
    'process.parent_pid': process.ppid,
    'process.executable.name': process.comm,
    'process.real_user.id': process.uid,
    'process.user.id': process.euid,
    'linux.cgroup.id': process.cgroup,
  };
  if (content.type === 'exec') {
    attributes['process.executable.path'] = content.path;
    attributes['process.command_args'] = content.argv;
  } else {
    attributes['process.exit.code'] = content.code;
    if (content.signal !== 0) attributes['process.exit.signal'] = content.signal & 0x7f;
  }
  return {
    timeUnixNano: record.unixNs,
    severityNumber: 9,
    severityText: 'INFO',
    eventName: `process.${content.type}`,
    attributes,
  };
}
