import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, Place } from './support/command.js';

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.dispose]());

const SIGNED = `
audience: shop
keys:
  - id: 1
    key: { kty: EC, crv: P-256, x: axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY, y: T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU }
`;

describe.each([
  ['pow', 'crypto-ratelimit', ['--ports', '443,53/udp', '--pow-difficulty', '16-18'], '{}'],
  ['signed-auth', 'signed-auth', ['--ports', '7000/udp'], SIGNED],
  ['cas', 'content-verifier', [], '{ "ports": [4430] }'],
])('%s, as %s', (name, command, options, text) => {
  test('with --pin stays until it is detached', async () => {
    const file = place.file('options.yaml', text);
    const up = await place.start(command, '-i', 'in0', ...options, '-c', file, '--pin', ...place.pins);
    expect(up.first).toEqual({ feature: name, state: 'up', interfaces: ['in0'], stands: true });
    expect((await up.end('SIGTERM'))[0]).toBe(0);
    expect(await up.line()).toMatchObject({ feature: name, state: 'ended', stands: true });
    const index = place.ns.indexOf('in0');
    expect(place.json('status', ...place.pins)).toMatchObject([
      { feature: name, name: 'in0', interfaces: [{ index, name: 'in0' }] },
    ]);
    expect(place.run('status', ...place.pins).stdout).toMatch(new RegExp(`${name} +in0 +in0$`));
    expect(place.run('stats', command, ...place.pins)).toMatchObject({ status: 0 });
    expect(place.json('detach', command, ...place.pins)).toMatchObject({ feature: name, state: 'detached' });
    expect(place.run('status', ...place.pins)).toMatchObject({ status: 0, stdout: 'Nothing is pinned.' });
    expect(place.run('detach', command, ...place.pins)).toMatchObject({
      status: 1,
      stderr: `cryptbpf: no ${name} is pinned below ${place.pinPath}`,
    });
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

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'without --pin nothing stays after %s',
  async (signal) => {
    const up = await place.start('pow', '--device', 'in0', '--ports', '443', ...place.pins);
    expect(up.first).toMatchObject({ state: 'up', stands: false });
    expect(place.hasXdp).toBe(true);
    await up.end(signal);
    expect(place.hasXdp).toBe(false);
    expect(place.json('status', ...place.pins)).toEqual([]);
  },
);

describe('what is wrong is said, and where', () => {
  test.each([
    ['ports: [443]\ncolour: red\n', '2:1: option colour is not known'],
    ['ports: [443]\nepoch: 1\n', '2:8: option epoch'],
    ['service: 1\nports: []\n', '2:8: option ports is empty'],
  ])('%j', (text, message) => {
    const path = place.file('wrong.yaml', text);
    const { status, stderr } = place.run('pow', '-i', 'in0', '-c', path, ...place.pins);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${path}:${message}`)]);
  });

  test.each([
    [['pow', '--ports', '443'], 'no interface: name one with --interface'],
    [['pow', '-i', 'in0', '--ports', 'http'], '--ports has "http"'],
    [['pow', '-i', 'in0', '-c', '/nowhere.yaml'], 'cannot read /nowhere.yaml: ENOENT'],
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
