import type { RecordEntry } from './entries.js';
import { toJson } from './json.js';
import type { Content, Endpoint, ProcessInfo } from './record.js';

/** plain: this package's own names. ecs: Elastic Common Schema. otel: a log record of OpenTelemetry. */
export type Format = 'plain' | 'ecs' | 'otel';

type EventContent = Extract<Content, { process: ProcessInfo }>;

/** A record as JSON, on one line; undefined where the format has no place for it (beats and such, but in plain). */
export function formatRecord(record: RecordEntry, format: Format): string | undefined {
  const { content } = record;
  if (format === 'plain') return toJson({ ...record, time: isoOf(record) });
  if ('process' in content)
    return toJson(format === 'ecs' ? ecsOf(record, content) : otelOf(record, content));
  if (content.type !== 'note' || typeof content.statement.event !== 'string') return undefined;
  const { event, details } = content.statement;
  return toJson(format === 'ecs' ? ecsNoteOf(record, event, details) : otelNoteOf(record, event, details));
}

function isoOf({ unixNs }: RecordEntry): string | undefined {
  return unixNs === undefined ? undefined : new Date(Number(unixNs / 1_000_000n)).toISOString();
}

/** Category, type and action of Elastic Common Schema. */
const ECS_EVENTS: Record<EventContent['type'], { category: string[]; type: string[] }> = {
  exec: { category: ['process'], type: ['start'] },
  exit: { category: ['process'], type: ['end'] },
  connect: { category: ['network'], type: ['connection', 'start'] },
  accept: { category: ['network'], type: ['connection', 'start'] },
  credentials: { category: ['process'], type: ['change'] },
  module: { category: ['driver'], type: ['start'] },
  bpf: { category: ['driver'], type: ['start'] },
};

function ecsOf(record: RecordEntry, content: EventContent): object {
  const { process } = content;
  return {
    '@timestamp': isoOf(record),
    event: {
      kind: 'event',
      ...ECS_EVENTS[content.type],
      action: content.type,
      sequence: record.sequence,
      ...(content.type === 'exit' && { duration: content.durationNs }),
    },
    process: {
      pid: process.pid,
      parent: { pid: process.ppid },
      name: process.comm,
      ...ecsProcessOf(content),
    },
    user: {
      id: String(process.uid),
      effective: { id: String(process.euid) },
      group: { id: String(process.gid) },
      ...(content.type === 'credentials' && { changes: { id: String(content.to.uid) } }),
    },
    ...ecsDetailsOf(content),
  };
}

/** An event that an application appended. */
function ecsNoteOf(record: RecordEntry, action: string, details: unknown): object {
  return {
    '@timestamp': isoOf(record),
    event: { kind: 'event', action, sequence: record.sequence },
    cryptbpf: details,
  };
}

function ecsProcessOf(content: EventContent): object {
  switch (content.type) {
    case 'exec':
      return { executable: content.path, args: content.argv, args_count: content.argv.length };
    case 'exit':
      return { exit_code: content.signal === 0 ? content.code : 128 + (content.signal & 0x7f) };
    default:
      return {};
  }
}

/** What has no field in the schema is below cryptbpf. */
function ecsDetailsOf(content: EventContent): object {
  const endpoint = ({ address, port }: Endpoint) => ({ ip: address, address, port });
  switch (content.type) {
    case 'connect':
      return { source: endpoint(content.local), destination: endpoint(content.remote) };
    case 'accept':
      return { source: endpoint(content.remote), destination: endpoint(content.local) };
    case 'credentials':
      return { cryptbpf: { to: content.to, capabilities: content.capabilities } };
    case 'module':
      return { cryptbpf: { module: { name: content.name, taints: content.taints } } };
    case 'bpf':
      return { cryptbpf: { bpf: content.program } };
    default:
      return {};
  }
}

function otelOf(record: RecordEntry, content: EventContent): object {
  const { process } = content;
  return {
    timeUnixNano: record.unixNs,
    severityNumber: 9,
    severityText: 'INFO',
    eventName: OTEL_EVENTS[content.type],
    attributes: {
      'process.pid': process.pid,
      'process.parent_pid': process.ppid,
      'process.executable.name': process.comm,
      'process.real_user.id': process.uid,
      'process.user.id': process.euid,
      'linux.cgroup.id': process.cgroup,
      ...otelDetailsOf(content),
    },
  };
}

function otelNoteOf({ unixNs }: RecordEntry, eventName: string, details: unknown): object {
  return { timeUnixNano: unixNs, severityNumber: 9, severityText: 'INFO', eventName, body: details };
}

const OTEL_EVENTS: Record<EventContent['type'], string> = {
  exec: 'process.exec',
  exit: 'process.exit',
  connect: 'network.connect',
  accept: 'network.accept',
  credentials: 'process.credentials',
  module: 'linux.module.load',
  bpf: 'linux.bpf.load',
};

function otelDetailsOf(content: EventContent): object {
  switch (content.type) {
    case 'exec':
      return { 'process.executable.path': content.path, 'process.command_args': content.argv };
    case 'exit':
      return {
        'process.exit.code': content.code,
        ...(content.signal !== 0 && { 'process.exit.signal': content.signal & 0x7f }),
      };
    case 'connect':
    case 'accept':
      return {
        'network.transport': 'tcp',
        'network.local.address': content.local.address,
        'network.local.port': content.local.port,
        'network.peer.address': content.remote.address,
        'network.peer.port': content.remote.port,
      };
    case 'credentials':
      return {
        'cryptbpf.to.uid': content.to.uid,
        'cryptbpf.to.euid': content.to.euid,
        'cryptbpf.capabilities.effective': content.capabilities.effective,
      };
    case 'module':
      return { 'linux.module.name': content.name };
    case 'bpf':
      return { 'linux.bpf.id': content.program.id, 'linux.bpf.name': content.program.name };
  }
}
