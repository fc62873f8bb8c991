import { expect, test } from 'vitest';
import type { RecordEntry } from '../src/entries.js';
import { type Format, formatRecord } from '../src/format.js';
import type { Content } from '../src/record.js';

const ids = { uid: 1, gid: 2, euid: 0, egid: 2 };
const process = {
  ...ids,
  pid: 20,
  ppid: 10,
  loginuid: undefined,
  session: undefined,
  comm: 'sh',
  cgroup: 7n,
  startedNs: 1n,
};
const ends = { local: { address: '192.0.2.1', port: 443 }, remote: { address: '2001:db8::1', port: 1000 } };
const capabilities = { permitted: 1n, effective: 3n, permittedBefore: 0n, effectiveBefore: 0n };
const program = { id: 5, type: 17, attach: 0, instructions: 90, tag: '00', name: 'spy' };

function formatted(content: Content, format: Format): Record<string, unknown> | undefined {
  const record: RecordEntry = {
    kind: 'record',
    epoch: 1,
    cpu: 0,
    level: 0,
    sequence: 4,
    file: 'a',
    offset: 0,
    timeNs: 1n,
    unixNs: 1_700_000_000_000_000_000n,
    lost: undefined,
    content,
  };
  const line = formatRecord(record, format);
  return line === undefined ? undefined : JSON.parse(line);
}

const source = { ip: '2001:db8::1', address: '2001:db8::1', port: 1000 };
const destination = { ip: '192.0.2.1', address: '192.0.2.1', port: 443 };

test.each<[Content, object, object]>([
  [
    { type: 'exec', process, path: '/bin/sh', argv: ['sh', '-c'], argvCut: false },
    { event: { action: 'exec' }, process: { executable: '/bin/sh', args_count: 2 } },
    { 'process.command_args': ['sh', '-c'] },
  ],
  [
    { type: 'exit', process, code: 0, signal: 128 + 9, durationNs: 5n },
    { event: { type: ['end'], duration: '5' }, process: { exit_code: 137 } },
    { 'process.exit.code': 0, 'process.exit.signal': 9 },
  ],
  [
    { type: 'connect', process, network: 1, ...ends },
    { event: { category: ['network'] }, source: destination, destination: source },
    { 'network.transport': 'tcp', 'network.peer.address': '2001:db8::1', 'network.peer.port': 1000 },
  ],
  [
    { type: 'accept', process, network: 1, ...ends },
    { source, destination },
    { 'network.local.address': '192.0.2.1', 'network.local.port': 443 },
  ],
  [
    { type: 'credentials', process, to: { ...ids, uid: 0, suid: 0, sgid: 2 }, capabilities },
    { user: { id: '1', changes: { id: '0' } }, cryptbpf: { capabilities: { effective: '3' } } },
    { 'cryptbpf.to.uid': 0, 'cryptbpf.capabilities.effective': '3' },
  ],
  [
    { type: 'module', process, name: 'dummy', taints: 4096n },
    { event: { category: ['driver'] }, cryptbpf: { module: { name: 'dummy', taints: '4096' } } },
    { 'linux.module.name': 'dummy' },
  ],
  [
    { type: 'bpf', process, program },
    { event: { action: 'bpf' }, cryptbpf: { bpf: { name: 'spy', id: 5 } } },
    { 'linux.bpf.id': 5, 'linux.bpf.name': 'spy' },
  ],
])('%o in the field names of others', (content, ecs, attributes) => {
  expect(formatted(content, 'plain')).toMatchObject({ time: '2023-11-14T22:13:20.000Z', sequence: 4 });
  const common = { '@timestamp': '2023-11-14T22:13:20.000Z', process: { pid: 20, parent: { pid: 10 } } };
  expect(formatted(content, 'ecs')).toMatchObject({ ...common, ...ecs });
  expect(formatted(content, 'otel')).toMatchObject({
    timeUnixNano: '1700000000000000000',
    attributes: { 'process.pid': 20, 'process.parent_pid': 10, ...attributes },
  });
});

test('what an application appended, in the field names of others', () => {
  const statement = { event: 'gate.verdict', details: { source: '192.0.2.1' } };
  expect(formatted({ type: 'note', statement }, 'ecs')).toEqual({
    '@timestamp': '2023-11-14T22:13:20.000Z',
    event: { kind: 'event', action: 'gate.verdict', sequence: 4 },
    cryptbpf: { source: '192.0.2.1' },
  });
  expect(formatted({ type: 'note', statement }, 'otel')).toMatchObject({
    eventName: 'gate.verdict',
    body: { source: '192.0.2.1' },
  });
});

test('what is not of a process has a place in the plain format alone', () => {
  expect(formatted({ type: 'beat' }, 'plain')).toMatchObject({ content: { type: 'beat' } });
  for (const format of ['ecs', 'otel'] as const) expect(formatted({ type: 'beat' }, format)).toBeUndefined();
});
