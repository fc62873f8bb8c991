import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateRecipient, logFiles } from '../../logger/src/index.js';
import { openLog } from '../../logger/src/reader.js';
import { generatePrivateKey, publicKeyOf } from '../../tunnel/src/index.js';
import { Place } from './support/command.js';

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

describe('a tunnel, from a file of wg-quick', () => {
  const INI = `[Interface]
PrivateKey = ${generatePrivateKey()}
Address = 10.9.0.1/24
ListenPort = 51820

[Peer]
PublicKey = ${publicKeyOf(generatePrivateKey())}
AllowedIPs = 10.9.0.2/32
`;
  const hasDevice = () => /\bcb0\b/.test(place.ns.ip('link', 'show'));

  test('is there until the command ends', async () => {
    const up = await place.start(
      'encrypted-tunnel',
      '-c',
      place.file('cb0.conf', INI),
      '-i',
      'in0',
      '--early',
      'in0',
      ...place.pins,
    );
    expect(up.first).toEqual({ feature: 'tunnel', state: 'up', device: 'cb0', port: 51820, stands: false });
    expect([hasDevice(), place.hasXdp]).toEqual([true, true]);
    expect((await up.end('SIGTERM'))[0]).toBe(0);
    expect(await up.line()).toMatchObject({ state: 'ended', stats: { name: 'cb0', suite: 'wireguard' } });
    expect([hasDevice(), place.hasXdp]).toEqual([false, false]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'with --pin stays after %s until it is detached',
    async (signal) => {
      const args = ['-c', place.file('cb0.conf', INI), '-i', 'in0', '--pin', ...place.pins];
      const up = await place.start('tunnel', ...args);
      expect(up.first).toMatchObject({ state: 'up', stands: true });
      expect(place.run('detach', 'tunnel', ...place.pins)).toMatchObject({ status: 1 });
      await up.end(signal);
      const inside = place.ns.indexOf('cb0-in');
      expect(() => place.ns.exec('ping', '-c1', '-W1', '10.9.0.3')).toThrow();
      expect(Object.keys(place.json('stats', 'tunnel', ...place.pins))).toContain('DROP_TUNNEL_NO_PEER');
      expect(place.json('status', ...place.pins)).toMatchObject([
        {
          feature: 'tunnel',
          name: 'cb0',
          interfaces: [
            { index: place.ns.indexOf('in0'), name: 'in0' },
            { index: inside, name: 'cb0-in' },
          ],
        },
      ]);
      expect(place.json('detach', 'encrypted-tunnel', ...place.pins)).toMatchObject({ state: 'detached' });
      expect(hasDevice()).toBe(false);
      expect(place.json('status', ...place.pins)).toEqual([]);
    },
  );

  test('without --pin a device that drops all stays after SIGKILL', async () => {
    const args = ['-c', place.file('cb0.conf', INI), '-i', 'in0', ...place.pins];
    await (await place.start('tunnel', ...args)).end('SIGKILL');
    expect(hasDevice()).toBe(true);
    expect(place.json('status', ...place.pins)).toEqual([]);
    place.ns.ip('link', 'delete', 'cb0');
    expect((await place.start('tunnel', ...args)).first).toMatchObject({ state: 'up' });
  });

  test('what is wrong in the file is located', () => {
    const path = place.file('cb0.conf', INI.replace('51820', '99999'));
    expect(place.run('tunnel', '-c', path)).toMatchObject({
      status: 2,
      stderr: `cryptbpf: ${path}:4: ListenPort: "99999", expected an integer from 0 to 65535`,
    });
  });
});

describe('an audit log', () => {
  const { publicPem, privatePem } = generateRecipient();

  async function read(logId: string) {
    const files = logFiles(join(place.folder, 'log'), 'audit');
    const log = openLog({ key: privatePem, logId, files });
    const entries = [];
    for await (const entry of log) entries.push(entry);
    return { entries, totals: log.totals };
  }

  const runs = (entries: unknown[]) =>
    JSON.stringify(entries, (_, each) => (typeof each === 'bigint' ? `${each}` : each)).includes(
      'cryptbpf-was-here',
    );

  test('records until the command ends', async () => {
    const recipient = ['--recipient', place.file('reader.pub.pem', publicPem)];
    const up = await place.start('encrypted-logger', ...recipient, '--directory', join(place.folder, 'log'));
    expect(up.first).toMatchObject({ feature: 'logger', state: 'up', stands: false });
    spawnSync('/bin/echo', ['cryptbpf-was-here']);
    expect((await up.end('SIGINT'))[0]).toBe(0);
    const { entries, totals } = await read(up.first.log);
    expect(totals).toMatchObject({ findings: 0, closed: true });
    expect(runs(entries)).toBe(true);
    const key = ['--key', place.file('reader.pem', privatePem), '--log', up.first.log];
    const { status, stdout } = place.run(
      'log',
      'decrypt',
      ...key,
      ...logFiles(join(place.folder, 'log'), 'audit'),
    );
    expect([status, stdout.includes('cryptbpf-was-here')]).toEqual([0, true]);
  });

  test('ends with a command that is killed, and what was written is read', async () => {
    const recipient = ['--recipient', place.file('reader.pub.pem', publicPem)];
    const args = ['logger', ...recipient, '--directory', join(place.folder, 'log'), ...place.pins];
    const up = await place.start(...args);
    await up.end('SIGKILL');
    expect(existsSync(place.pinPath)).toBe(false);
    spawnSync('/bin/echo', ['cryptbpf-was-here']);
    const next = await place.start(...args);
    await next.end('SIGTERM');
    expect(next.first.log).toBe(up.first.log);
    const { entries, totals } = await read(up.first.log);
    expect(totals).toMatchObject({ lastEpoch: 2, closed: true });
    expect(runs(entries)).toBe(false);
  });

  test('with --pin records on, until it is detached with its options', async () => {
    const path = place.file(
      'log.yaml',
      `recipient: |\n${publicPem.replace(/^/gm, '  ')}\ndirectory: ${join(place.folder, 'log')}\n`,
    );
    const up = await place.start('logger', '-c', path, '--pin', ...place.pins);
    await up.end('SIGKILL');
    spawnSync('/bin/echo', ['cryptbpf-was-here']);
    expect(place.json('status', ...place.pins)).toMatchObject([{ feature: 'logger', name: 'audit' }]);
    const { sealed, lost } = place.json('stats', 'logger', ...place.pins);
    expect(sealed.records).toBeGreaterThan(0);
    expect(lost).toMatchObject({ ring: expect.any(Number) });
    expect(place.run('detach', 'logger', ...place.pins)).toMatchObject({ status: 2 });
    expect(place.json('detach', 'logger', '-c', path, ...place.pins)).toMatchObject({ state: 'detached' });
    expect(existsSync(join(place.pinPath, 'logger-audit'))).toBe(false);
    const { entries, totals } = await read(up.first.log);
    expect(totals).toMatchObject({ findings: 0, closed: true });
    expect(runs(entries)).toBe(true);
  });
});
