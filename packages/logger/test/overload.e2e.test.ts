import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { logFiles } from '../src/files.js';
import { AuditLogger } from '../src/logger.js';
import { openLog } from '../src/reader.js';
import { Directory } from './support/directory.js';
import { OBJECT } from './support/producer.js';
import { RECIPIENT } from './support/read.js';

/** CRYPTBPF_SECONDS=60 is what is promised. */
const SECONDS = Number(process.env.CRYPTBPF_SECONDS ?? 4);
const RING_BYTES = 1 << 18;
const DRAIN_MS = 50;
/** Of a record of 128 bytes in the ring. */
const RECORD_BYTES = 24 + 128 + 16 + 8;
const CAPACITY = (RING_BYTES / RECORD_BYTES) * (1000 / DRAIN_MS);

test(`${SECONDS} seconds at twice what the reader can take: each event is in the log, or proven lost`, async () => {
  using directory = new Directory();
  const logger = await AuditLogger.attach({
    recipient: RECIPIENT.publicPem,
    directory: directory.path,
    events: [],
    ringBytes: RING_BYTES,
    drainMilliseconds: DRAIN_MS,
    heartbeatSeconds: 1,
    epochSeconds: 1,
    maxFileBytes: 1 << 20,
  });
  const pins = `/sys/fs/bpf/cryptbpf-logger-${process.pid}`;
  const reuse = Object.fromEntries(Object.keys(logger.maps).map((name) => [name, `${pins}/${name}`]));
  try {
    for (const [name, map] of Object.entries(logger.maps)) map.pin(`${pins}/${name}`);
    const shared = new SharedArrayBuffer(4);
    const workerData = { object: OBJECT.href, reuse, perSecond: 2 * CAPACITY, shared };
    const script = new URL('support/producer.mjs', import.meta.url);
    const worker = new Worker(script, { workerData, trackUnmanagedFds: false });
    await Promise.race([
      sleep(SECONDS * 1000),
      once(worker, 'error').then(([error]) => Promise.reject(error)),
    ]);
    Atomics.store(new Int32Array(shared), 0, 1);
    Atomics.notify(new Int32Array(shared), 0);
    const [produced] = (await once(worker, 'message')) as [number];
    await logger.detach();

    const log = openLog({ key: RECIPIENT.privatePem, files: logFiles(directory.path, 'audit') });
    for await (const batch of log.batches())
      expect(batch.filter(({ kind }) => kind === 'finding')).toEqual([]);
    const { totals } = log;
    expect(totals.closed).toBe(true);
    const { ring, nested, key, tree } = totals.lost;
    expect(totals.events + ring + nested + key).toBe(produced);
    expect(tree).toBe(0);
    expect(ring).toBeGreaterThan(0);
    expect(totals.events).toBeGreaterThan(0);
    console.log(`produced ${produced}, in the log ${totals.events}, proven lost ${ring + nested + key}`);
  } finally {
    rmSync(pins, { recursive: true, force: true });
  }
}, 600_000);
