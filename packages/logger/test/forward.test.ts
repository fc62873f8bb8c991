import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { run } from '../src/command.js';
import { Forwarder, frameOfLine } from '../src/forward.js';
import { formatMetrics } from '../src/metrics.js';
import { Directory } from './support/directory.js';
import { makeLog } from './support/forge.js';

const LOG = makeLog();
const FRAMES = LOG.epochs.flat();

/** Takes lines when it is told to. */
class Receiver extends Writable {
  readonly lines: string[] = [];
  release = () => {};
  readonly #isSlow: boolean;

  constructor(isSlow = false) {
    super();
    this.#isSlow = isSlow;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.lines.push(...chunk.toString().trimEnd().split('\n'));
    if (this.#isSlow) this.release = done;
    else done();
  }
}

function forward(to: Writable): Forwarder {
  return new Forwarder(to, LOG.logId, (error) => {
    throw error;
  });
}

test('frames are lines, from which the same file can be made', async () => {
  using directory = new Directory();
  const receiver = new Receiver();
  const forwarder = forward(receiver);
  forwarder.send(Buffer.concat(FRAMES.slice(0, 7)));
  forwarder.send(Buffer.concat(FRAMES.slice(7)));
  expect(forwarder.stats).toEqual({ sent: FRAMES.length, dropped: 0 });
  expect(JSON.parse(receiver.lines[3]!)).toEqual({
    log: LOG.logId,
    epoch: 1,
    cpu: 1,
    level: 0,
    sequence: 0,
    frame: FRAMES[3]!.toString('base64'),
  });
  const path = join(directory.path, 'copy.cblog');
  const output = { out: new Receiver(), err: new Receiver() };
  expect(await run(['collect', path], output, Readable.from(receiver.lines.join('\n')))).toBe(0);
  expect(readFileSync(path)).toEqual(Buffer.concat(FRAMES));
});

test('a receiver that does not take them loses them, and we count them', () => {
  const receiver = new Receiver(true);
  const forwarder = forward(receiver);
  const bytes = Buffer.concat(FRAMES);
  for (let i = 0; i < 1500; i++) forwarder.send(bytes);
  const { sent, dropped } = forwarder.stats;
  expect(sent + dropped).toBe(1500 * FRAMES.length);
  expect(dropped).toBeGreaterThan(0);
  expect(receiver.writableLength).toBeLessThan(17 << 20);
});

test.each([
  'nonsense',
  '{}',
  'null',
  '{"frame":7}',
  JSON.stringify({ frame: FRAMES[2]!.subarray(1).toString('base64') }),
  JSON.stringify({ frame: FRAMES[2]!.subarray(0, -1).toString('base64') }),
  JSON.stringify({ frame: Buffer.concat([FRAMES[2]!, FRAMES[3]!]).toString('base64') }),
])('what is no frame is refused: %s', (line) => {
  expect(() => frameOfLine(line)).toThrow(expect.objectContaining({ code: 'ERR_LOG_FILE' }));
});

test('statistics are metrics', () => {
  const text = formatMetrics({
    logId: 'a',
    epoch: 3,
    file: undefined,
    sealed: { records: 10, bytes: 2000 },
    written: 1900,
    lost: { ring: 4, nested: 0, key: 0, tree: 0 },
    missed: { log_exec: 2 },
    forwarded: { sent: 9, dropped: 1 },
    alarms: 0,
  });
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const sample of samples) expect(sample).toMatch(/^cryptbpf_log_[a-z_]+(\{[a-z]+="\w+"\})? \d+$/);
  expect(text).toContain('# TYPE cryptbpf_log_lost_events_total counter\n');
  expect(samples).toContain('cryptbpf_log_lost_events_total{cause="ring"} 4');
  expect(samples).toContain('cryptbpf_log_missed_runs_total{program="log_exec"} 2');
});
