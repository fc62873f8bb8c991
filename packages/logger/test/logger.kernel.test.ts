import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { mapFile, PAGE } from '../../core/src/ffi/libc.js';
import type { EventName } from '../src/events.js';
import { logFiles } from '../src/files.js';
import { onlineCpus } from '../src/kernel.js';
import { AuditLogger } from '../src/logger.js';
import type { AuditLoggerOptions } from '../src/options.js';
import { Directory } from './support/directory.js';
import { Producer } from './support/producer.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

const own = { tree: [process.pid] };

/** All of the ring's memory: also what was read from it. */
function ringOf({ maps: { log_ring } }: AuditLogger): Buffer {
  const pages = mapFile(log_ring.fd, PAGE + 2 * log_ring.maxEntries, PAGE, false);
  return Buffer.from(Buffer.from(pages, PAGE, log_ring.maxEntries));
}

test('execs and exits of a process tree are read by the recipient, and by nobody else', async () => {
  using directory = new Directory();
  const secret = `secret-${process.pid}`;
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    filters: own,
  });
  const { pid } = spawnSync('/bin/sh', ['-c', `/bin/true ${secret}; exit 7`]);
  const ring = ringOf(logger);
  await logger.detach();

  const files = logFiles(directory.path, 'audit');
  const { records, findings, totals } = await readLog(files, { logId: logger.logId });
  expect(findings).toEqual([]);
  expect(totals).toMatchObject({
    closed: true,
    logId: logger.logId,
    lost: { ring: 0, nested: 0, key: 0, tree: 0 },
  });
  const [shell, child] = contentsOf(records, 'exec');
  expect(shell).toMatchObject({
    path: '/bin/sh',
    argv: ['/bin/sh', '-c', `/bin/true ${secret}; exit 7`],
    argvCut: false,
    process: { pid, ppid: process.pid, uid: 0, gid: 0, euid: 0, egid: 0, comm: 'sh' },
  });
  expect(child).toMatchObject({ path: '/bin/true', argv: ['/bin/true', secret], process: { ppid: pid } });
  const exits = contentsOf(records, 'exit');
  expect(exits.find((exit) => exit.process.pid === pid)).toMatchObject({ code: 7, signal: 0 });
  expect(
    contentsOf(records, 'exec').every(({ process: { ppid } }) => [process.pid, pid].includes(ppid)),
  ).toBe(true);

  const sealed = Buffer.concat(files.map((file) => readFileSync(file)));
  const { offset } = records.find(({ content }) => content.type === 'exec')!;
  expect(ring.includes(sealed.subarray(offset, offset + 100))).toBe(true);
  for (const text of [secret, '/bin/true', '/bin/sh']) {
    expect(sealed.includes(text)).toBe(false);
    expect(ring.includes(text)).toBe(false);
  }
});

/** A connection of this process to itself. Returns both ends' ports. */
async function connectTo(address: string): Promise<{ client: number; server: number }> {
  const server = createServer((socket) => socket.end()).listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, address).resume();
  const ended = once(client, 'close');
  await once(client, 'connect');
  const { localPort } = client;
  await ended;
  server.close();
  await once(server, 'close');
  return { client: localPort!, server: port };
}

const MODULE: EventName[] = ['module'];

const options = (directory: string, events: EventName[]): AuditLoggerOptions => ({
  recipient: RECIPIENT.publicPem,
  directory,
  filters: own,
  events,
});

/** Some machines let nobody attach to functions of the kernel, root neither; stock kernels do. */
async function canTrace(): Promise<boolean> {
  using directory = new Directory();
  try {
    await (await AuditLogger.attach(options(directory.path, ['accept']))).detach();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_PERMISSION' });
    return process.env.CRYPTBPF_VM !== undefined;
  }
}

const TRACES = await canTrace();

async function recordedBy(
  events: EventName[],
  action: (logger: AuditLogger) => unknown,
  more: Partial<AuditLoggerOptions> = {},
) {
  using directory = new Directory();
  const logger = await AuditLogger.attach({ ...options(directory.path, events), ...more });
  await action(logger);
  await logger.detach();
  const { records, findings } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  return records;
}

test('connections of both ends, sealed by AES-256-GCM', async () => {
  const addresses = ['127.0.0.1', '::1'];
  const ports: { client: number; server: number }[] = [];
  const connectToAll = async () => {
    for (const address of addresses) ports.push(await connectTo(address));
  };
  const events: EventName[] = TRACES ? ['connect', 'accept'] : ['connect'];
  const records = await recordedBy(events, connectToAll, { cipher: 'aes-256-gcm' });
  const me = expect.objectContaining({ pid: process.pid });
  const expected = addresses.map((address, i) => ({ address, ...ports[i]! }));
  expect(contentsOf(records, 'connect')).toEqual(
    expected.map(({ address, server }) => ({
      type: 'connect',
      process: me,
      network: statSync('/proc/self/ns/net').ino,
      local: { address, port: 0 },
      remote: { address, port: server },
    })),
  );
  if (!TRACES) return;
  expect(contentsOf(records, 'accept')).toMatchObject(
    expected.map(({ address, server, client }) => ({
      process: me,
      local: { address, port: server },
      remote: { address, port: client },
    })),
  );
});

const LOADS_MODULES = process.env.CRYPTBPF_VM !== undefined;

test('what gives power: credentials, programs of BPF, modules; or that this kernel lets nobody see it', async () => {
  if (!TRACES) {
    using directory = new Directory();
    const attached = AuditLogger.attach(options(directory.path, ['credentials']));
    return expect(attached).rejects.toMatchObject({ code: 'ERR_PERMISSION' });
  }
  const records = await recordedBy(['credentials', 'bpf', ...(LOADS_MODULES ? MODULE : [])], (logger) => {
    spawnSync('/bin/true', { uid: 65534, gid: 65533 });
    new Producer(logger)[Symbol.dispose]();
    if (LOADS_MODULES) execFileSync('modprobe', ['dummy']);
  });
  const changes = contentsOf(records, 'credentials');
  const ids = { uid: 65534, gid: 65533, euid: 65534, egid: 65533, suid: 65534, sgid: 65533 };
  const dropped = changes.find(({ to }) => to.uid === 65534)!;
  expect(dropped).toMatchObject({ to: ids, process: { ppid: process.pid, uid: 0, gid: 65533 } });
  expect(dropped.capabilities).toMatchObject({ effective: 0n, permitted: 0n });
  expect(dropped.capabilities.permittedBefore).toBeGreaterThan(0n);
  const programs = contentsOf(records, 'bpf').map(({ program }) => program);
  const tag = expect.stringMatching(/^[0-9a-f]{16}$/);
  expect(programs).toContainEqual(expect.objectContaining({ name: 'bench_seal', type: 17, tag }));
  if (LOADS_MODULES) expect(contentsOf(records, 'module').map(({ name }) => name)).toContain('dummy');
});

if (!existsSync('/proc/modules')) {
  test('a kernel without modules says so', async () => {
    using directory = new Directory();
    const attached = AuditLogger.attach(options(directory.path, MODULE));
    await expect(attached).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
  });
}

const COUNT = 600;

test('what the ring had no room for is told by the next record, exactly', async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach({
    ...options(directory.path, []),
    ringBytes: 1 << 16,
    drainMilliseconds: 10_000,
    heartbeatSeconds: 3600,
  });
  using producer = new Producer(logger);
  for (const cpu of onlineCpus()) {
    producer.produce(COUNT, cpu);
    logger.flush();
    producer.produce(10, cpu);
  }
  logger.nextEpoch();
  const { lost } = logger.stats();
  await logger.detach();

  const { records, findings, totals } = await readLog(logFiles(directory.path, 'audit'));
  expect(findings).toEqual([]);
  expect(producer.produced).toBe(onlineCpus().length * (COUNT + 10));
  expect(totals.events + totals.lost.ring).toBe(producer.produced);
  expect(totals.lost).toEqual(lost);
  expect(totals.lost.ring).toBeGreaterThan(onlineCpus().length * 100);
  const told = records.filter(({ lost }) => lost);
  expect(told.map(({ cpu }) => cpu)).toEqual(onlineCpus());
  expect(told.reduce((sum, { lost }) => sum + lost!.ring, 0)).toBe(totals.lost.ring);
});
