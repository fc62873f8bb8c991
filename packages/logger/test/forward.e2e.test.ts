import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CIPHERS, type Cipher } from '../src/cipher.js';
import { type Epoch, readEpoch, streamChain } from '../src/epoch.js';
import { logFiles } from '../src/files.js';
import { recipientScalar, scalarPoint } from '../src/keys.js';
import { Ratchet } from '../src/ratchet.js';
import { LogFrame } from '../src/records.gen.js';
import { CONTROLLER, HEADER_BYTES, readHeader } from '../src/wire.js';
import { Directory } from './support/directory.js';
import { RECIPIENT, readLog } from './support/read.js';

class Watched {
  readonly process: ChildProcess;

  constructor(directory: string, cipher: Cipher) {
    const program = new URL('support/watched.mjs', import.meta.url).pathname;
    this.process = fork(program, [RECIPIENT.publicPem, directory, cipher]);
  }

  async answer(): Promise<{ maps?: Record<string, string> }> {
    const [message] = await once(this.process, 'message');
    return message;
  }

  ask(command: string) {
    const answer = this.answer();
    this.process.send({ command });
    return answer;
  }

  async end(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.disconnect();
    await exit;
  }
}

/** What the recipient can open: beginnings of epochs. */
function epochsIn(files: readonly string[]): Epoch[] {
  const scalar = recipientScalar(RECIPIENT.privatePem);
  const epochs: Epoch[] = [];
  for (const bytes of files.map((file) => readFileSync(file))) {
    for (let at = 0; at < bytes.length; ) {
      const header = readHeader(bytes, at)!;
      const end = at + HEADER_BYTES + header.length;
      if (header.frame === LogFrame.LOG_FRAME_EPOCH)
        epochs.push(readEpoch(bytes.subarray(at, end), header, { scalar, point: scalarPoint(scalar) })!);
      at = end;
    }
  }
  return epochs;
}

const STEPS = 4;

/** All from which its records could be opened: secret, link, and the keys of the first steps of all streams. */
function secretsOf(epoch: Epoch, cpus: number): Buffer[] {
  const streams = [[CONTROLLER, 0]];
  for (let cpu = 0; cpu < cpus; cpu++) for (let level = 0; level < 4; level++) streams.push([cpu, level]);
  const keys = streams.flatMap(([cpu, level]) => {
    const chain = streamChain(epoch, cpu!, level!);
    const ratchet = new Ratchet(chain);
    return [chain, ...Array.from({ length: STEPS }, () => ratchet.next())];
  });
  return [epoch.secret, epoch.link, ...keys];
}

/** All memory of a process that can be read, searched piece by piece. */
function findInMemory(pid: number, secrets: readonly Buffer[]): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  let found = 0;
  for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (from === undefined) continue;
    const bytes = Buffer.alloc(Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)));
    try {
      readSync(memory, bytes, 0, bytes.length, BigInt(`0x${from}`));
    } catch {
      continue; // memory of the kernel's maps, which dump() has
    }
    found += secrets.filter((secret) => bytes.includes(secret)).length;
  }
  closeSync(memory);
  return found;
}

test.each(CIPHERS)(
  '%s: who dumps all maps and the controller in epoch 3 has no key of epochs 1 and 2',
  async (cipher) => {
    using directory = new Directory();
    const watched = new Watched(directory.path, cipher);
    await watched.answer();
    for (const command of ['exec', 'exec', 'epoch', 'exec', 'exec', 'epoch', 'exec'])
      await watched.ask(command);

    const { maps } = await watched.ask('dump');
    const files = logFiles(directory.path, 'audit');
    const [first, second, third] = epochsIn(files);
    const cpus =
      Object.values(maps!).length > 0 ? Buffer.from(maps!.log_chains!, 'base64').length / 32 / 4 : 0;
    const dumps = Object.values(maps!).map((dump) => Buffer.from(dump, 'base64'));
    const inMaps = (secrets: readonly Buffer[]) =>
      secrets.filter((secret) => dumps.some((dump) => dump.includes(secret))).length;

    const past = [...secretsOf(first!, cpus), ...secretsOf(second!, cpus)];
    expect(inMaps(past)).toBe(0);
    expect(findInMemory(watched.process.pid!, past)).toBe(0);
    /* The search finds what is there: keys of the current step, of streams and of the controller. */
    const present = secretsOf(third!, cpus);
    expect(inMaps(present)).toBeGreaterThan(0);
    expect(findInMemory(watched.process.pid!, present)).toBeGreaterThan(0);
    expect(inMaps([third!.secret, third!.link])).toBe(0);
    expect(findInMemory(watched.process.pid!, [third!.secret, third!.link])).toBe(0);

    await watched.end();
    const { findings, totals } = await readLog(files);
    expect(findings).toEqual([]);
    expect(totals).toMatchObject({ lastEpoch: 3, closed: true });
  },
);
