import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateRecipient } from '../src/keys.js';
import { Directory } from './support/directory.js';
import { type ForgeOptions, makeLog } from './support/forge.js';
import { readLog } from './support/read.js';

/** Reads frames as files of a log: one file for each list. */
async function read(files: readonly (readonly Buffer[])[], options = {}) {
  using directory = new Directory();
  const paths = files.map((frames, i) => {
    const path = join(directory.path, `${i}.cblog`);
    writeFileSync(path, Buffer.concat(frames));
    return path;
  });
  return await readLog(paths, options);
}

const LOG = makeLog();

/** Where the nth frame begins. */
const offsetOf = (frames: readonly Buffer[], n: number) =>
  frames.slice(0, n).reduce((sum, frame) => sum + frame.length, 0);

/** Of frames 2 to 19 of an epoch, the even ones are CPU 0's: sequence n / 2 - 1. */
const PLACE = 8;
const SEQUENCE = PLACE / 2 - 1;

function copyOf(frame: Buffer, change: (bytes: Buffer) => void): Buffer {
  const copy = Buffer.from(frame);
  change(copy);
  return copy;
}

async function tamper(
  change: (frames: Buffer[], log: ReturnType<typeof makeLog>) => void,
  options?: ForgeOptions,
) {
  const log = options ? makeLog(options) : { ...LOG, epochs: LOG.epochs.map((frames) => [...frames]) };
  const frames = log.epochs[1]!;
  const whole = [...frames];
  change(frames, log);
  const result = await read([log.epochs.flat()]);
  const start = offsetOf(log.epochs[0]!, log.epochs[0]!.length);
  return { ...result, frames, whole, start };
}

test('a log that nobody touched is complete', async () => {
  const log = makeLog();
  const { findings, totals, records } = await read([log.epochs.flat()], { logId: log.logId });
  expect(findings).toEqual([]);
  expect(totals).toMatchObject({ closed: true, firstEpoch: 1, lastEpoch: 3, logId: log.logId });
  expect(records.length).toBe(3 * (2 + 2 * 10));
});

test('where another controller went on, the end of the one before is not missed, but those of CPUs are', async () => {
  const options = { opening: (epoch: number) => (epoch === 3 ? { resumes: true } : {}) };
  const unended = await tamper((frames) => void frames.pop(), options);
  expect(unended.findings).toEqual([]);
  const cut = await tamper((frames) => void frames.splice(-2), options);
  expect(cut.findings).toEqual([expect.objectContaining({ problem: 'unclosed', epoch: 2, cpu: 1 })]);
  const dead = await tamper((frames) => void frames.pop());
  expect(dead.findings).toEqual([expect.objectContaining({ problem: 'unclosed', epoch: 2, cpu: 0xffff })]);
});

test('a log under AES-256-GCM is read, and a change of it found', async () => {
  const cipher = 'aes-256-gcm';
  const whole = await tamper(() => {}, { cipher });
  expect(whole.findings).toEqual([]);
  for (const byte of [3, 24, 24 + 48 + 15]) {
    const { findings, start, frames } = await tamper(
      (frames) => {
        frames[PLACE]![byte]! ^= 4;
      },
      { cipher },
    );
    expect(findings).toContainEqual(expect.objectContaining({ offset: start + offsetOf(frames, PLACE) }));
  }
});

describe('what is changed is found, and where', () => {
  test.each([...Array(24 + 48 + 16).keys()])('a flipped bit in byte %i of a record', async (byte) => {
    const { findings, start, frames } = await tamper((frames) => {
      frames[PLACE] = copyOf(frames[PLACE]!, (bytes) => {
        bytes[byte]! ^= 1 << (byte % 8);
      });
    });
    const at = start + offsetOf(frames, PLACE);
    expect(findings).toContainEqual(expect.objectContaining({ offset: at }));
    expect(findings).toContainEqual(
      expect.objectContaining({ problem: 'missing', epoch: 2, cpu: 0, from: SEQUENCE, count: 1 }),
    );
    expect(findings.length).toBe(2);
  });

  test('a dropped record', async () => {
    const { findings, start, frames } = await tamper((frames) => frames.splice(PLACE, 1));
    const offset = start + offsetOf(frames, PLACE + 1);
    expect(findings).toEqual([
      expect.objectContaining({
        problem: 'missing',
        epoch: 2,
        cpu: 0,
        level: 0,
        from: SEQUENCE,
        count: 1,
        offset,
      }),
    ]);
  });

  test('a whole step of the ratchet that was dropped, and more', async () => {
    const { findings } = await tamper((frames) => frames.splice(2, 14));
    expect(findings.map(({ cpu, from, count }) => [cpu, from, count])).toEqual([
      [0, 0, 7],
      [1, 0, 7],
    ]);
  });

  test('a duplicate', async () => {
    const { findings, start, frames } = await tamper((frames) => frames.splice(PLACE + 4, 0, frames[PLACE]!));
    const offset = start + offsetOf(frames, PLACE + 4);
    expect(findings).toEqual([expect.objectContaining({ problem: 'duplicate', sequence: SEQUENCE, offset })]);
  });

  test('an order that was changed, across steps of the ratchet', async () => {
    const { findings, records } = await tamper((frames) => {
      const [moved] = frames.splice(4, 1);
      frames.splice(16, 0, moved!);
    });
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'reordered', epoch: 2, cpu: 0, sequence: 1 }),
    ]);
    expect(records.length).toBe(3 * 22);
  });

  test.each([1, 23, 24, 60, 87])('a file that ends %i bytes into a record', async (bytes) => {
    const log = makeLog({ epochs: 2 });
    const frames = log.epochs.flat();
    const cut = frames.slice(0, -3);
    const { findings, totals } = await read([[...cut, frames.at(-3)!.subarray(0, bytes)]]);
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'truncated', offset: offsetOf(cut, cut.length), count: bytes }),
    ]);
    expect(totals.closed).toBe(false);
  });

  test('an end of an epoch that was cut off', async () => {
    const { findings } = await tamper((frames) => frames.splice(18));
    expect(findings.map(({ problem, epoch, cpu, from }) => [problem, epoch, cpu, from])).toEqual([
      ['unclosed', 2, 65535, 1],
      ['unclosed', 2, 0, 8],
      ['unclosed', 2, 1, 8],
    ]);
  });

  test('a stream that was taken out of an epoch altogether', async () => {
    const { findings } = await tamper((frames) => {
      for (let i = 18; i >= 2; i -= 2) frames.splice(i, 1);
      frames.splice(11, 1);
    });
    expect(findings).toEqual([expect.objectContaining({ problem: 'unclosed', epoch: 2, cpu: 0, from: 0 })]);
  });

  test('a record that was moved to another epoch', async () => {
    const { findings } = await tamper((frames, log) => frames.splice(PLACE, 0, log.epochs[0]![PLACE]!));
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'duplicate', epoch: 1, sequence: SEQUENCE }),
    ]);
  });

  test('a record that was given the header of another epoch', async () => {
    const { findings } = await tamper((frames, log) => {
      const header = frames[PLACE]!.subarray(0, 24);
      frames[PLACE] = Buffer.concat([header, log.epochs[0]![PLACE]!.subarray(24)]);
    });
    expect(findings.map(({ problem }) => problem)).toEqual(['forged', 'missing']);
  });

  test('an epoch that was taken out', async () => {
    const log = makeLog();
    const { findings } = await read([log.epochs[0]!, log.epochs[2]!]);
    expect(findings).toEqual([
      expect.objectContaining({ problem: 'epoch-missing', from: 2, count: 1, file: '1.cblog' }),
    ]);
  });

  test('an epoch that comes twice', async () => {
    const log = makeLog();
    const { findings } = await read([log.epochs[0]!, log.epochs[1]!, log.epochs[1]!, log.epochs[2]!]);
    const [first, ...rest] = findings;
    expect(first).toMatchObject({ problem: 'epoch-repeated', epoch: 2, file: '2.cblog', offset: 0 });
    expect(rest.every(({ problem, file }) => problem === 'duplicate' && file === '2.cblog')).toBe(true);
  });

  test('epochs of another log, which was made for the same recipient', async () => {
    const [log, other] = [makeLog(), makeLog()];
    const { findings } = await read([log.epochs[0]!, other.epochs[1]!, log.epochs[2]!]);
    expect(findings.map(({ problem }) => problem)).toEqual(
      expect.arrayContaining(['other-log', 'epoch-missing']),
    );
  });

  test('another log altogether, for who knows which one it was', async () => {
    const { findings } = await read([makeLog().epochs.flat()], { logId: makeLog().logId });
    expect(findings).toEqual([expect.objectContaining({ problem: 'other-log', offset: 0 })]);
  });

  test('the beginning of an epoch', async () => {
    for (const byte of [10, 25, 40, 44, 50, 113, 150, 190]) {
      const { findings } = await tamper((frames) => {
        frames[0] = copyOf(frames[0]!, (bytes) => {
          bytes[byte]! ^= 1;
        });
      });
      const problems = findings.map(({ problem }) => problem);
      expect(problems[0]).toBe('epoch-forged');
      expect(problems).toContain('epoch-missing');
    }
  });

  test('a counter of losses that goes back', async () => {
    const lostAt = (epoch: number, _: number, beat: number) => (epoch === 2 && beat === 5 ? 1n : 3n);
    const { findings } = await tamper(() => {}, { cpus: [0], lostAt });
    expect(findings).toEqual([expect.objectContaining({ problem: 'counter', epoch: 2, sequence: 5 })]);
  });

  test('bytes that are no frames, between frames', async () => {
    const { findings, start, frames } = await tamper((frames) =>
      frames.splice(PLACE, 0, Buffer.alloc(1000, 0x4c)),
    );
    const offset = start + offsetOf(frames, PLACE);
    expect(findings).toEqual([expect.objectContaining({ problem: 'damaged', offset, count: 1000 })]);
  });

  test('a reader with another key sees nothing but that', async () => {
    const { findings, records } = await read([makeLog().epochs[0]!], { key: generateRecipient().privatePem });
    expect(records).toEqual([]);
    expect(findings[0]).toMatchObject({ problem: 'epoch-forged', epoch: 1, offset: 0 });
  });
});

test('lost events are told by CPU, where and how many, and add up', async () => {
  const lostAt = (epoch: number, cpu: number, beat: number) => BigInt(10 * (epoch - 1) + beat + cpu);
  const { totals, records, findings } = await read([makeLog({ lostAt }).epochs.flat()]);
  expect(findings).toEqual([]);
  expect(totals.lost).toEqual({ ring: 2 * 29 + 1, nested: 0, key: 0, tree: 0 });
  expect(records.filter(({ cpu }) => cpu === 0).map(({ lost }) => lost?.ring ?? 0)).toEqual([
    0,
    ...Array(29).fill(1),
  ]);
});
