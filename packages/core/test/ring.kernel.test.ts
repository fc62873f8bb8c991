import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { type BpfObject, openObject, type RingBuffer, type SyscallProgram } from '../src/index.js';
import { RingReader } from '../src/ring-reader.js';
import { random } from './compile.js';
import { CoreMode } from './core_test.gen.js';
import { emit, loadCore } from './support/core-object.js';
import { objectUrl } from './support/objects.js';

interface RingTest {
  maps: { records: RingBuffer };
  programs: { write_record: SyscallProgram };
  variables: { content: Uint8Array; lost: bigint };
}

/** For what happens soon, if this machine is not busy. */
const SOON = { timeout: 10_000, interval: 5 };

const loadRing = () => openObject<RingTest>(objectUrl('ring_test')).load();

function write(ring: BpfObject<RingTest>, number: number, length: number, isDiscarded = false): void {
  const context = new Uint8Array(Uint32Array.of(number, length, isDiscarded ? 1 : 0).buffer);
  ring.programs.write_record.testRun({ context });
}

const sequences = (records: readonly { sequence: bigint }[]) =>
  records.map(({ sequence }) => Number(sequence));
const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('a ring is taken from', () => {
  test('in order, decoded, a bounded number at a time', () => {
    using core = loadCore();
    const { events } = core.maps;
    expect(events.take()).toEqual([]);
    emit(core, 10, 5);
    const [first, ...rest] = events.take(4);
    expect(first).toMatchObject({ sequence: 5n, mode: CoreMode.CORE_MODE_REPORT, bias: -3, last: false });
    expect(sequences(rest)).toEqual([6, 7, 8]);
    expect(sequences(events.take())).toEqual(range(9, 6));
  });

  test('in place', () => {
    using core = loadCore();
    const { events } = core.maps;
    emit(core, 3, 1);
    const seen: unknown[] = [];
    const count = events.drain((view, offset, length) => {
      seen.push([view.getBigUint64(offset + 8, true), length]);
      expect(() => view.setUint8(offset, 1)).toThrow(/cannot be written/);
    });
    expect(count).toBe(3);
    expect(seen).toEqual([
      [1n, 64],
      [2n, 64],
      [3n, 64],
    ]);
  });

  test('until the callback returns false or throws: later records stay', () => {
    using core = loadCore();
    const { events } = core.maps;
    emit(core, 5);
    expect(events.drain(() => false)).toBe(1);
    expect(() =>
      events.drain(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(sequences(events.take())).toEqual([2, 3, 4]);
  });

  test('and given back after commit: until then another reader has them', () => {
    using core = loadCore();
    const { events } = core.maps;
    emit(core, 3);
    const left = () => new RingReader(events.fd, events.maxEntries).drain(() => {}, Number.POSITIVE_INFINITY);
    const seen: number[] = [];
    expect(events.drain(() => {}, { commit: () => seen.push(left()) })).toBe(3);
    expect(seen).toEqual([3]);
    expect(left()).toBe(0);
  });

  test('within a callback, too', () => {
    using core = loadCore();
    const { events } = core.maps;
    emit(core, 4);
    const inner: number[] = [];
    expect(events.drain(() => void inner.push(...sequences(events.take())))).toBe(1);
    expect(inner).toEqual([1, 2, 3]);
  });

  test('while it is closed in the callback', () => {
    const core = loadCore();
    emit(core, 4);
    expect(core.maps.events.drain(() => core.close())).toBe(1);
    expect(() => core.maps.events.take()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

test('what does not fit is counted by the program', () => {
  using core = loadCore();
  const { events } = core.maps;
  events.countLostWith(() => core.variables.lost);
  emit(core, 2000);
  const taken = events.take();
  expect(taken.length).toBe(Math.floor(65536 / 72));
  expect(events.lost).toBe(BigInt(2000 - taken.length));
  emit(core, 1, 7);
  expect(sequences(events.take())).toEqual([7]);
});

/** Emulated, a tenth of them. */
const RECORDS = process.env.CRYPTBPF_VM ? 400 : 4000;

test('records of any length, some discarded, come as a model says, around the end many times', () => {
  using ring = loadRing();
  const { records } = ring.maps;
  const next = random(7);
  const content = Uint8Array.from({ length: 1024 }, () => next() * 256);
  ring.variables.content = content;
  const pending: [number, number][] = [];
  let bytes = 0;
  for (let number = 0; number < RECORDS; number++) {
    const length = 4 + Math.floor(next() * 1019);
    const isDiscarded = next() < 0.2;
    write(ring, number, length, isDiscarded);
    bytes += length;
    if (!isDiscarded) pending.push([number, length]);
    if (next() < 0.8 && pending.length < 10) continue;
    const taken = records.take(next() < 0.5 ? undefined : 3);
    for (const record of taken) {
      const [expected, size] = pending.shift()!;
      expect([new DataView(record.buffer).getUint32(0, true), record.length]).toEqual([expected, size]);
      expect(Buffer.compare(record.subarray(4), content.subarray(4, size))).toBe(0);
    }
  }
  expect(ring.variables.lost).toBe(0n);
  expect(bytes).toBeGreaterThan((RECORDS / 80) * records.maxEntries);
  expect(records.take().length).toBe(pending.length);
});

test('a record that is not whole yet holds up those behind it', () => {
  const page = 4096;
  const path = `/dev/shm/cryptbpf-ring-${process.pid}`;
  const fd = openSync(path, 'w+');
  unlinkSync(path);
  const layout = new DataView(new ArrayBuffer(2 * page + 2 * page));
  layout.setUint32(page, 3 * 16, true);
  for (const [offset, header] of [
    [0, 8],
    [16, 0x8000_0008],
    [32, 8],
  ] as const) {
    layout.setUint32(2 * page + offset, header, true);
  }
  writeSync(fd, layout);
  const reader = new RingReader(fd, page);
  const offsets: number[] = [];
  const drain = () => reader.drain((_, offset) => void offsets.push(offset), 10);
  expect([drain(), drain()]).toEqual([1, 0]);
  layout.setUint32(2 * page + 16, 8, true);
  writeSync(fd, layout, 2 * page, 2 * page, 2 * page);
  expect(drain()).toBe(2);
  expect(offsets).toEqual([8, 24, 40]);
  const consumed = new DataView(new ArrayBuffer(8));
  readSync(fd, consumed, 0, 8, 0);
  expect(consumed.getBigUint64(0, true)).toBe(48n);
  closeSync(fd);
});

test('a record shorter than the object says is refused', () => {
  using core = loadCore();
  using ring = loadRing();
  const { records } = ring.maps;
  Object.assign(records, { spec: { ...records.spec, event: core.spec.map('events').event } });
  write(ring, 1, 8);
  expect(() => records.take()).toThrow('map records has a record of 8 bytes, expected 64');
  write(ring, 2, 64);
  expect(records.take()).toHaveLength(1);
});

describe('an iteration over a ring', () => {
  test('waits for records, and loses none to the next when it is left', async () => {
    using core = loadCore();
    const { events } = core.maps;
    const first: number[] = [];
    setTimeout(() => emit(core, 10), 10);
    for await (const { sequence } of events.events()) {
      first.push(Number(sequence));
      if (first.length === 3) break;
    }
    expect(first).toEqual([0, 1, 2]);
    for await (const { sequence } of events.events()) {
      first.push(Number(sequence));
      if (first.length === 10) break;
    }
    expect(first).toEqual(range(0, 10));
  });

  test('ends when the signal aborts, before, while waiting, and while busy', async () => {
    using core = loadCore();
    const { events } = core.maps;
    const collect = async (signal: AbortSignal, onRecord = () => {}) => {
      let count = 0;
      for await (const _ of events.events({ signal })) {
        count++;
        onRecord();
      }
      return count;
    };
    expect(await collect(AbortSignal.abort())).toBe(0);
    expect(await collect(AbortSignal.timeout(20))).toBe(0);
    emit(core, 5);
    const controller = new AbortController();
    expect(await collect(controller.signal, () => controller.abort())).toBe(1);
    expect(events.take()).toHaveLength(4);
  });

  test('ends when the ring is closed, also with others waiting', async () => {
    const core = loadCore();
    const { events } = core.maps;
    const waiting = [events.events(), events.events()].map((iteration) => iteration.next());
    await sleep(10);
    core.close();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(() => events.events()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(() => events.on(() => {})).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  test('shares the records with others: each goes to one of them', async () => {
    using core = loadCore();
    const { events } = core.maps;
    const seen: number[] = [];
    const controller = new AbortController();
    const readers = range(0, 3).map(async () => {
      for await (const { sequence } of events.events({ signal: controller.signal })) {
        if (seen.push(Number(sequence)) === 200) controller.abort();
      }
    });
    const listener = events.on(({ sequence }) => void seen.push(Number(sequence)), { batch: 5 });
    for (let i = 0; i < 4; i++) {
      emit(core, 50, i * 50);
      await sleep(5);
    }
    listener[Symbol.dispose]();
    if (seen.length >= 200) controller.abort();
    await Promise.all(readers);
    expect(seen.sort((a, b) => a - b)).toEqual(range(0, 200));
  });

  test('lets other work have its turn while records keep coming', async () => {
    using core = loadCore();
    const { events } = core.maps;
    const most = 1_000_000;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    let count = 0;
    emit(core, 500);
    for await (const _ of events.events({ batch: 100 })) {
      if (++count % 100 === 0) emit(core, 200);
      if (turns > 5 || count === most) break;
    }
    clearInterval(timer);
    expect(count).toBeLessThan(most);
    expect(events.take().length).toBeGreaterThan(0);
  });
});

describe('a callback', () => {
  test('gets records as they come, until it is disposed of', async () => {
    using core = loadCore();
    const { events } = core.maps;
    const seen: number[] = [];
    const listener = events.on(({ sequence }) => {
      seen.push(Number(sequence));
      if (seen.length === 5) listener[Symbol.dispose]();
    });
    emit(core, 3);
    await vi.waitFor(() => expect(seen).toEqual([0, 1, 2]), SOON);
    emit(core, 5, 3);
    await vi.waitFor(() => expect(seen).toHaveLength(5), SOON);
    await sleep(20);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    listener[Symbol.dispose]();
    expect(sequences(events.take())).toEqual([5, 6, 7]);
  });
});
