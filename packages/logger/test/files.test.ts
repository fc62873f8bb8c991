import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogFiles, logFiles, repairFile } from '../src/files.js';
import { Directory } from './support/directory.js';
import { makeLog } from './support/forge.js';
import { readLog } from './support/read.js';

const frames = makeLog({ epochs: 1 }).epochs[0]!;
const whole = Buffer.concat(frames);

describe('a file that a crash left behind', () => {
  test('loses nothing that is whole, wherever it was torn', async () => {
    using directory = new Directory();
    const path = join(directory.path, 'torn.cblog');
    const last = frames.at(-1)!.length;
    for (let cut = 1; cut < last; cut++) {
      writeFileSync(path, whole.subarray(0, whole.length - cut));
      expect(repairFile(path)).toEqual({ file: path, bytes: last - cut });
      expect(statSync(path).size).toBe(whole.length - last);
    }
    const { records } = await readLog([path]);
    expect(records.length).toBe(frames.length - 2);
  });

  test('loses the zeros that some file systems leave at its end', () => {
    using directory = new Directory();
    const path = join(directory.path, 'zeros.cblog');
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(5000)]));
    expect(repairFile(path)).toEqual({ file: path, bytes: 5000 });
    expect(readFileSync(path)).toEqual(whole);
  });

  test('keeps what is behind a damaged record, for the reader to tell', () => {
    using directory = new Directory();
    const path = join(directory.path, 'damaged.cblog');
    const damaged = Buffer.from(whole);
    damaged.fill(0, whole.length - 600, whole.length - 500);
    writeFileSync(path, damaged);
    expect(repairFile(path)).toBeUndefined();
    expect(readFileSync(path)).toEqual(damaged);
  });

  test('is left alone when it is whole', () => {
    using directory = new Directory();
    const path = join(directory.path, 'whole.cblog');
    writeFileSync(path, whole);
    expect(repairFile(path)).toBeUndefined();
    truncateSync(path, 0);
    expect(repairFile(path)).toBeUndefined();
  });
});

describe('files of a log', () => {
  const options = { name: 'audit', maxFileBytes: 100, maxFiles: 0 };

  test('hold whole epochs, and an epoch that ends late goes where it began', () => {
    using directory = new Directory();
    const files = new LogFiles({ ...options, directory: directory.path });
    files.beginEpoch(1);
    files.append(1, Buffer.alloc(150, 1));
    files.beginEpoch(2);
    files.append(2, Buffer.alloc(10, 2));
    files.append(1, Buffer.alloc(5, 1));
    files.endEpochsBefore(2);
    files.beginEpoch(3);
    files.append(3, Buffer.alloc(10, 3));
    files.close();
    const contents = logFiles(directory.path, 'audit').map((path) => readFileSync(path));
    expect(contents).toEqual([
      Buffer.alloc(155, 1),
      Buffer.concat([Buffer.alloc(10, 2), Buffer.alloc(10, 3)]),
    ]);
  });

  test('go on by number after a restart, and the oldest are deleted', () => {
    using directory = new Directory();
    for (let epoch = 1; epoch <= 4; epoch++) {
      const files = new LogFiles({ ...options, maxFiles: 2, directory: directory.path });
      files.beginEpoch(epoch);
      files.append(epoch, Buffer.of(epoch));
      files.endEpochsBefore(epoch);
      files.close();
    }
    appendFileSync(join(directory.path, 'audit-x.cblog'), 'not ours');
    const names = logFiles(directory.path, 'audit').map((path) => path.slice(directory.path.length + 1));
    expect(names).toEqual(['audit-00000003.cblog', 'audit-00000004.cblog']);
  });
});
