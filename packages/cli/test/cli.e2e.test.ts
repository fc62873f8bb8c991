import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenSsl } from '../../pki/test/support/openssl.js';
import { cli, Place } from './support/command.js';

const ca = new OpenSsl();
ca.root();
const rootPem = ca.path('root.pem');
afterAll(() => ca[Symbol.dispose]());

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

const KEY =
  '{ kty: EC, crv: P-256, x: axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY, y: T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU }';
const SECRET = Buffer.alloc(32, 7).toString('base64');

/** By its name, the original's, options and configuration. */
const FEATURES: [string, string, string[], string][] = [
  ['pow', 'crypto-ratelimit', ['--ports', '443,53/udp', '--pow-difficulty', '16-18'], '{}'],
  ['signed-auth', 'signed-auth', ['-p', '7000/udp'], `audience: shop\nkeys: [{ id: 1, key: ${KEY} }]\n`],
  [
    'zkp',
    'zkp-filter',
    ['-p', '443'],
    `audience: shop\nproof: { kind: hash, keys: [{ id: 1, secret: ${SECRET} }] }\n`,
  ],
  [
    'pki',
    'pki-validator',
    ['-p', '443'],
    'audience: shop\nanchors: [root.pem]\nnames: any\nrequireCrl: false\n',
  ],
  ['cas', 'content-verifier', [], '{ "ports": [4430] }'],
  ['offload', 'crypto-offload', ['-p', '22310'], `clients: [{ id: 7, secret: ${SECRET} }]\n`],
];

test.each(FEATURES)(
  '%s, as %s, goes with a command that is killed, and with --pin stays until it is detached',
  async (name, command, options, text) => {
    const file = place.file('options.yaml', text.replace('root.pem', rootPem));
    const args = [command, '-i', 'in0', ...options, '-c', file, ...place.pins];
    const alone = await place.start(...args);
    expect(alone.first).toEqual({ feature: name, state: 'up', interfaces: ['in0'], stands: false });
    expect(place.isGuarded).toBe(true);
    await alone.end('SIGKILL');
    expect([place.isGuarded, existsSync(place.pinPath)]).toEqual([false, false]);
    const pinned = await place.start(...args, '--pin');
    expect(pinned.first).toMatchObject({ state: 'up', stands: true });
    await pinned.end('SIGKILL');
    expect(place.isGuarded).toBe(true);
    expect(place.json('detach', command, ...place.pins)).toMatchObject({ feature: name, state: 'detached' });
    expect(place.isGuarded).toBe(false);
  },
);

test('what stands is told, also from another network, where no interface is taken for its own', async () => {
  const up = await place.start('pow', '-i', 'in0', '-p', '443', '--pin', ...place.pins);
  expect((await up.end('SIGTERM'))[0]).toBe(0);
  expect(await up.line()).toMatchObject({ feature: 'pow', state: 'ended', stands: true });
  const index = place.ns.indexOf('in0');
  expect(place.json('status', ...place.pins)).toMatchObject([
    { feature: 'pow', name: 'in0', interfaces: [{ index, name: 'in0' }] },
  ]);
  expect(place.run('status', ...place.pins).stdout).toMatch(/pow +in0 +in0$/);
  const outside = spawnSync(process.execPath, [cli, 'status', ...place.pins], { encoding: 'utf8' });
  expect(outside.stdout).toContain(`#${index} (in another network namespace)`);
  expect(place.run('stats', 'crypto-ratelimit', ...place.pins)).toMatchObject({ status: 0 });
  expect(place.run('detach', 'pow', ...place.pins).stdout).toBe('pow in0 is detached');
  expect(place.run('status', ...place.pins)).toMatchObject({ status: 0, stdout: 'Nothing is pinned.' });
  expect(place.run('detach', 'pow', ...place.pins)).toMatchObject({
    status: 1,
    stderr: `cryptbpf: no pow is pinned below ${place.pinPath}`,
  });
});

test('a configuration may say that it is pinned', async () => {
  const path = place.file('pinned.yaml', `ports: [443]\npin: true\npinPath: ${place.pinPath}\n`);
  const up = await place.start('pow', '--interface', 'in0', '--config', path);
  expect(up.first).toMatchObject({ state: 'up', stands: true });
  await up.end('SIGKILL');
  expect(place.hasXdp).toBe(true);
  expect(place.json('detach', 'pow', ...place.pins)).toMatchObject({ state: 'detached' });
  expect(place.hasXdp).toBe(false);
});

test.each(['SIGINT', 'SIGTERM'] as const)('without --pin nothing stays after %s', async (signal) => {
  const up = await place.start('pow', '--device', 'in0', '--ports', '443', ...place.pins);
  expect(up.first).toMatchObject({ state: 'up', stands: false });
  expect(place.hasXdp).toBe(true);
  await up.end(signal);
  expect([place.hasXdp, existsSync(place.pinPath)]).toEqual([false, false]);
});

describe('what is wrong is said, and where', () => {
  test.each([
    ['ports: [443]\nepoch: 1\n', '2:8: option epoch'],
    ['service: 1\nports: []\n', '2:8: option ports is empty'],
  ])('%j', (text, message) => {
    const path = place.file('wrong.yaml', text);
    const { status, stderr } = place.run('pow', '-i', 'in0', '-c', path, ...place.pins);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${path}:${message}`)]);
  });

  test.each([
    [['pow', '-i', 'in0', '--ports', 'http'], '--ports has "http"'],
    [['pwo'], "unknown command 'pwo'"],
  ])('%j', (args, message) => {
    expect(place.run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });
});

test('metrics are served while it runs', async () => {
  const metrics = ['--metrics', '127.0.0.1:9477'];
  const up = await place.start('pow', '-i', 'in0', '--ports', '443', ...metrics, ...place.pins);
  const text = place.ns.exec('curl', '--silent', '--fail', 'http://127.0.0.1:9477/metrics');
  expect(text).toContain('cryptbpf_ring_lost_total{feature="pow"');
  expect((await up.end('SIGTERM'))[0]).toBe(0);
  expect(place.run('pow', '-i', 'in0', '-p', '443', '--metrics', 'here', ...place.pins)).toMatchObject({
    status: 2,
  });
  expect(place.hasXdp).toBe(false);
});

test('an interface that is none is refused', () => {
  expect(place.run('pow', '-i', 'eth9', '-p', '443', ...place.pins)).toMatchObject({
    status: 1,
    stderr: 'cryptbpf: no interface "eth9" in this network namespace: see ip link',
  });
});

test('the doctor says which privileges are missing, and that nothing works without them', () => {
  const drop = ['--bounding-set', '-all', '--inh-caps', '-all', '--ambient-caps', '-all'];
  const { status, stdout } = spawnSync('setpriv', [...drop, process.execPath, cli, 'doctor', '--json'], {
    encoding: 'utf8',
  });
  expect(status).toBe(3);
  expect(JSON.parse(stdout).features[0]).toEqual({
    feature: 'pow',
    verdict: 'needs CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON',
    works: false,
    fix: expect.stringContaining('as root'),
  });
});
