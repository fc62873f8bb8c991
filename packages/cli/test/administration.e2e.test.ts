import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cidOf } from '../../cas/src/client.js';
import { Place } from './support/command.js';

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

const publicPem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  }) as string;

/** Brings it up, and leaves it without a controller. */
async function stand(...args: string[]): Promise<void> {
  const up = await place.start(...args, '-i', 'in0', '--pin', ...place.pins);
  await up.end('SIGTERM');
}

test('a gate that stands takes new options, and refuses wrong ones', async () => {
  await stand('pow', '-p', '443');
  expect(place.run('update', 'pow', '-p', '0', ...place.pins)).toMatchObject({ status: 2 });
  expect(place.json('update', 'pow', '-p', '444', ...place.pins)).toMatchObject({
    name: 'in0',
    state: 'updated',
  });
  expect(place.hasXdp).toBe(true);
  const once = ['top', '--once', '--interval', '0.1', ...place.pins];
  expect(place.json(...once, '--run-time')).toMatchObject([
    { feature: 'pow', name: 'in0', lostEvents: 0 },
    { feature: 'xdp', interface: 'in0' },
  ]);
  expect(place.run(...once).stdout).toMatch(/^pow in0 {2}pass 0\/s/);
  expect(
    place.run('keys', 'rotate', 'pow', '-c', place.file('pow.yaml', 'ports: [444]\n'), ...place.pins),
  ).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('new secret'),
  });
});

test('what has no secret for challenges is not rotated', () => {
  for (const feature of ['cas', 'offload', 'tunnel', 'logger'])
    expect(place.run('keys', 'rotate', feature, '-c', '/none', ...place.pins)).toMatchObject({
      status: 2,
      stderr: `cryptbpf: ${feature} has no secret for challenges: pow, signed-auth, zkp, pki have`,
    });
});

test('nothing is updated where nothing stands', () => {
  expect(place.run('update', 'pow', '-p', '443', ...place.pins)).toMatchObject({
    status: 1,
    stderr: `cryptbpf: no pow is pinned below ${place.pinPath}`,
  });
});

test('keys are added, rotated and revoked in the file and in what stands; comments stay', async () => {
  const path = place.file(
    'shop.yaml',
    `# our shop\nports: [{ port: 7000, protocol: udp }]\naudience: shop\nkeys:\n  - id: 1 # the till\n    key: { file: one.pem }\n`,
  );
  const [, two] = ['one.pem', 'two.pem'].map((name) => place.file(name, publicPem()));
  await stand('signed-auth', '-c', path);
  const keys = (...args: string[]) => place.json('keys', ...args, '-c', path, ...place.pins);
  expect(keys('add', 'signed-auth', '--id', '2', '--key', two!)).toMatchObject({ applied: true });
  expect(readFileSync(path, 'utf8')).toMatch(
    /^# our shop\n[\s\S]*# the till\n[\s\S]*- id: 2\n +key:\n +file: two.pem\n$/,
  );
  const before = readFileSync(path, 'utf8');
  expect(keys('add', 'signed-auth', '--id', '2', '--key', place.file('3.pem', publicPem()))).toHaveProperty(
    'error',
  );
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(
    keys('rotate', 'signed-auth', '--id', '1', '--new-id', '3', '--key', place.file('3.pem', publicPem())),
  ).toMatchObject({ applied: true });
  expect(readFileSync(path, 'utf8')).toMatch(/id: 1 # the till\n[\s\S]*expires: 20/);
  expect(keys('revoke', 'signed-auth', '--id', '1')).toMatchObject({ applied: true });
  expect(readFileSync(path, 'utf8')).not.toMatch(/id: 1\b/);
  expect(keys('revoke', 'signed-auth', '--id', '1')).toMatchObject({
    error: 'there is no key with id 1 in the configuration',
  });
});

test('content ids are allowed and taken away', async () => {
  const path = place.file('cas.yaml', 'ports: [4430]\nallow: []\n');
  await stand('content-verifier', '-c', path);
  const cid = cidOf(new Uint8Array(3)).toString();
  expect(place.json('allow', 'add', cid, '-c', path, ...place.pins)).toMatchObject({ applied: true });
  expect(readFileSync(path, 'utf8')).toContain(cid);
  expect(place.json('allow', 'add', 'no-cid', '-c', path, ...place.pins)).toHaveProperty('error');
  expect(readFileSync(path, 'utf8')).not.toContain('no-cid');
  expect(place.json('allow', 'remove', cid, '-c', path, ...place.pins)).toMatchObject({ applied: true });
  expect(readFileSync(path, 'utf8')).not.toContain(cid);
});
