import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';
import { solve } from '../../pow/src/client.js';
import { PowGate } from '../../pow/src/index.js';
import { logFiles } from '../src/files.js';
import { AuditLogger } from '../src/logger.js';
import { Directory } from './support/directory.js';
import { contentsOf, RECIPIENT, readLog } from './support/read.js';

const attach = (directory: string) =>
  AuditLogger.attach({ recipient: RECIPIENT.publicPem, directory, events: [], heartbeatSeconds: 3600 });

/** The log of a gate, which lets somebody in, refuses the same proof, and is told of another key. */
async function logOf(directory: string): Promise<void> {
  const logger = await attach(directory);
  using namespace = Netns.create();
  const gate = await namespace.run(() =>
    PowGate.attach({ interface: 'lo', ports: [443], difficulty: { min: 1, max: 1 }, pin: false }),
  );
  const events = gate.events();
  const source = '192.0.2.7';
  const challenge = gate.challengeFor(source);
  const { nonce } = await solve(challenge);
  for (let i = 0; i < 2; i++) {
    gate.admit(source, { challenge, nonce });
    const { value } = await events.next();
    logger.append('gate.verdict', { gate: 'pow', ...value });
  }
  logger.nextEpoch();
  gate.rotate();
  logger.append('gate.key', { gate: 'pow' });
  gate.detach();
  await logger.detach();
  expect(() => logger.append('late')).toThrow(expect.objectContaining({ code: 'ERR_LOG_CLOSED' }));
}

test('verdicts of a gate and changes of its key are sealed as what the kernel records is, and none can be removed', async () => {
  using directory = new Directory();
  await logOf(directory.path);
  const [path] = logFiles(directory.path, 'audit');
  const bytes = readFileSync(path!);
  expect(bytes.includes('192.0.2.7')).toBe(false);
  const { records, findings } = await readLog([path!]);
  expect(findings).toEqual([]);
  const details = contentsOf(records, 'note').map(({ statement }) => statement);
  expect(details).toEqual([
    {
      event: 'gate.verdict',
      details: expect.objectContaining({ gate: 'pow', reason: 'ANSWER_ADMITTED', source: '192.0.2.7' }),
    },
    { event: 'gate.verdict', details: expect.objectContaining({ type: 'rejected', source: '192.0.2.7' }) },
    { event: 'gate.key', details: { gate: 'pow' } },
  ]);
});

test('an event that has no name, or too much to say, is refused', async () => {
  using directory = new Directory();
  await using logger = await attach(directory.path);
  for (const name of ['', 'a b', 'x'.repeat(65)])
    expect(() => logger.append(name)).toThrow(expect.objectContaining({ code: 'ERR_LOG_EVENT' }));
  expect(() => logger.append('big', { text: 'x'.repeat(1 << 14) })).toThrow(/16395 bytes of details/);
});
