import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { run } from '../src/command.js';
import { Directory } from './support/directory.js';
import { makeLog } from './support/forge.js';
import { RECIPIENT } from './support/read.js';

class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }

  get lines(): Record<string, unknown>[] {
    return this.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}

async function command(...args: string[]) {
  const [out, err] = [new Text(), new Text()];
  return { code: await run(args, { out, err }), out, err };
}

test('keys are made, a log is decrypted and verified, and damage has an exit code', async () => {
  using directory = new Directory();
  const path = (name: string) => join(directory.path, name);
  const log = makeLog();
  writeFileSync(path('key.pem'), RECIPIENT.privatePem);
  writeFileSync(path('a.cblog'), Buffer.concat(log.epochs.flat()));
  const options = ['--key', path('key.pem'), '--log', log.logId];

  const whole = await command('verify', ...options, path('a.cblog'));
  expect(whole.code).toBe(0);
  expect(whole.out.lines).toEqual([expect.objectContaining({ logId: log.logId, findings: 0, closed: true })]);

  const records = await command('decrypt', ...options, path('a.cblog'));
  expect(records.code).toBe(0);
  expect(records.out.lines.length).toBe(66);

  writeFileSync(path('b.cblog'), readFileSync(path('a.cblog')).subarray(0, -3));
  const cut = await command('verify', ...options, path('b.cblog'));
  expect(cut.code).toBe(1);
  expect(cut.out.lines[0]).toMatchObject({ kind: 'finding', problem: 'truncated' });

  expect((await command('keygen', path('new'))).code).toBe(0);
  expect(readFileSync(path('new.pem'), 'utf8')).toContain('PRIVATE');
  expect((await command('keygen', path('new'))).code).toBe(2);
  expect((await command('verify', '--key', path('new.pub.pem'), path('a.cblog'))).err.text).toContain(
    'public',
  );
});

test('events that were lost have an exit code with --strict alone', async () => {
  using directory = new Directory();
  const path = (name: string) => join(directory.path, name);
  writeFileSync(path('key.pem'), RECIPIENT.privatePem);
  writeFileSync(path('lossy.cblog'), Buffer.concat(makeLog({ lostAt: () => 3n }).epochs.flat()));
  writeFileSync(path('whole.cblog'), Buffer.concat(makeLog().epochs.flat()));
  const verify = async (...args: string[]) =>
    (await command('verify', '--key', path('key.pem'), ...args)).code;
  expect(await verify(path('lossy.cblog'))).toBe(0);
  expect(await verify('--strict', path('lossy.cblog'))).toBe(1);
  expect(await verify('--strict', path('whole.cblog'))).toBe(0);
});

test.each([
  [[], 'a command, please'],
  [['open'], 'there is no command "open"'],
  [['verify', 'file'], '--key names'],
  [['verify', '--key', '/nowhere', 'file'], 'ENOENT'],
  [['decrypt', '--key', '/dev/null', '--format', 'xml', 'file'], '--format knows'],
])('explains itself for %j', async (args, message) => {
  const { code, err } = await command(...args);
  expect(code).toBe(2);
  expect(err.text).toContain(message);
});
