import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { openLog } from '../src/reader.js';
import { Directory } from './support/directory.js';
import { makeLog } from './support/forge.js';
import { RECIPIENT, readLog } from './support/read.js';

/* Threads open records ahead of the one that judges; what comes out is what it would find alone. */

const ROUNDS = Number(process.env.CRYPTBPF_FUZZ ?? 8);

function write(directory: Directory, files: readonly (readonly Buffer[])[]): string[] {
  return files.map((frames, i) => {
    const path = join(directory.path, `${i}.cblog`);
    writeFileSync(path, Buffer.concat(frames));
    return path;
  });
}

/** One change of a log, by who can write its files and knows other logs of the same recipient. */
function tamper(random: Random, frames: Buffer[], other: readonly Buffer[]): void {
  const at = random.below(frames.length);
  const kind = random.below(6);
  if (kind === 0) frames.splice(at, 1 + random.below(8));
  else if (kind === 1) frames.splice(random.below(frames.length), 0, frames[at]!);
  else if (kind === 2) frames.splice(random.below(frames.length), 0, ...frames.splice(at, 1));
  else if (kind === 3) frames.splice(at, 0, random.pick(other));
  else if (kind === 4) frames[at] = frames[at]!.subarray(0, random.below(frames[at]!.length));
  else {
    const changed = Buffer.from(frames[at]!);
    changed[random.below(changed.length)]! ^= 1 << random.below(8);
    frames[at] = changed;
  }
}

test(`${ROUNDS} logs that were tampered with are read the same with three threads`, async () => {
  const random = new Random(14);
  const problems = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    using directory = new Directory();
    const [log, other] = [makeLog({ beats: 40, cpus: [0, 1, 2] }), makeLog()];
    const files = log.epochs.map((frames) => [...frames]);
    for (let left = random.below(6); left > 0; left--)
      tamper(random, random.pick(files), other.epochs.flat());
    const paths = write(directory, files);
    const alone = await readLog(paths, { threads: 0 });
    expect(await readLog(paths, { threads: 3 })).toEqual(alone);
    for (const { problem } of alone.findings) problems.add(problem);
  }
  expect(problems.size).toBeGreaterThan(5);
});

test('records of another log are none of an epoch of the same number, though a thread can open them', async () => {
  using directory = new Directory();
  const [log, other] = [makeLog({ epochs: 1 }), makeLog({ epochs: 1 })];
  const paths = write(directory, [log.epochs[0]!.slice(0, 10), other.epochs[0]!]);
  const { records, findings } = await readLog(paths, { threads: 2 });
  expect(records.every(({ file }) => file === '0.cblog')).toBe(true);
  expect(findings.filter(({ problem }) => problem === 'forged').length).toBeGreaterThan(0);
});

test('gaps of many steps, and records that fill them later, are found with threads', async () => {
  using directory = new Directory();
  const log = makeLog({ epochs: 1, beats: 4000, cpus: [0, 1] });
  const frames = [...log.epochs[0]!];
  const late = frames.splice(100, 6000);
  const paths = write(directory, [
    [...frames.slice(0, 1000), ...late.slice(5000, 5010), ...frames.slice(1000)],
  ]);
  const alone = await readLog(paths, { threads: 0 });
  expect(alone.findings.filter(({ problem }) => problem === 'reordered').length).toBe(10);
  expect(await readLog(paths, { threads: 1 })).toEqual(alone);
});

test('a file that cannot be read is told behind what came before it', async () => {
  using directory = new Directory();
  const [path] = write(directory, [makeLog({ epochs: 1 }).epochs[0]!]);
  for (const threads of [0, 1]) {
    const log = openLog({ key: RECIPIENT.privatePem, files: [path!, '/none.cblog'], threads });
    const read = async () => {
      for await (const _ of log);
    };
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(log.totals.records).toBe(22);
  }
});

test('who stops reading early ends the threads', async () => {
  using directory = new Directory();
  const paths = write(directory, [makeLog({ epochs: 1 }).epochs[0]!]);
  const running = () => readdirSync('/proc/self/task').length;
  await readLog(paths, { threads: 0 }); // those of Node's own are there then
  const before = running();
  const log = openLog({ key: RECIPIENT.privatePem, files: paths, threads: 4 });
  for await (const _ of log) break;
  expect(running()).toBeLessThan(before + 4);
});

test('a number of threads that makes no sense is refused', () => {
  for (const threads of [-1, 1.5, 17, Number.NaN])
    expect(() => openLog({ key: RECIPIENT.privatePem, files: [], threads })).toThrow(/option threads/);
});
