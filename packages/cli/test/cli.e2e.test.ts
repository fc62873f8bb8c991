import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';

/* The built command, in a network namespace of the test's own. */

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cryptbpf-cli-'));
const pins = ['--pin-path', `/sys/fs/bpf/cryptbpf-cli-${process.pid}`];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ns: Netns;
const running = new Set<ChildProcess>();
beforeEach(() => {
  ns = Netns.create();
  Netns.addVeth(ns, ns, ['in0', 'in1']);
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  ns[Symbol.dispose]();
  rmSync(pins[1]!, { recursive: true, force: true });
});

const inside = (args: string[]) => [`--net=/run/netns/${ns.name}`, process.execPath, cli, ...args];

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('nsenter', inside(args), { encoding: 'utf8' });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

const hasXdp = () => /prog\/xdp/.test(ns.ip('link', 'show', 'in0'));

const runJson = (...args: string[]) => JSON.parse(run(...args, '--json').stdout);

/** Until its first line, which says that it is up. */
async function start(...args: string[]) {
  const child = spawn('nsenter', inside([...args, '--json']), { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async () => JSON.parse((await lines.next()).value);
  return {
    first: await line(),
    line,
    async end(signal: NodeJS.Signals) {
      const exited = once(child, 'exit');
      child.kill(signal);
      return exited;
    },
  };
}

function config(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const SIGNED = `
audience: shop
keys:
  - id: 1
    key: { kty: EC, crv: P-256, x: axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY, y: T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU }
`;

describe.each([
  ['pow', 'crypto-ratelimit', ['--ports', '443,53/udp', '--pow-difficulty', '16-18']],
  ['signed-auth', 'signed-auth', ['--ports', '7000/udp', '--config', config('signed.yaml', SIGNED)]],
  ['cas', 'content-verifier', ['--config', config('cas.json', '{ "ports": [4430] }')]],
])('%s, as %s', (name, command, options) => {
  test('with --pin stays until it is detached', async () => {
    const up = await start(command, '--interface', 'in0', ...options, '--pin', ...pins);
    expect(up.first).toEqual({ feature: name, state: 'up', interfaces: ['in0'], stands: true });
    expect((await up.end('SIGTERM'))[0]).toBe(0);
    expect(await up.line()).toMatchObject({ feature: name, state: 'ended', stands: true });
    const index = ns.indexOf('in0');
    expect(runJson('status', ...pins)).toMatchObject([
      { feature: name, name: 'in0', interfaces: [{ index, name: 'in0' }] },
    ]);
    expect(run('status', ...pins).stdout).toMatch(new RegExp(`${name} +in0 +in0$`));
    expect(run('stats', command, ...pins)).toMatchObject({ status: 0 });
    expect(runJson('detach', command, ...pins)).toMatchObject({ feature: name, state: 'detached' });
    expect(run('status', ...pins)).toMatchObject({ status: 0, stdout: 'Nothing is pinned.' });
    expect(run('detach', command, ...pins)).toMatchObject({
      status: 1,
      stderr: `cryptbpf: no ${name} is pinned below ${pins[1]}`,
    });
  });
});

test('a configuration may say that it is pinned', async () => {
  const path = config('pinned.yaml', `ports: [443]\npin: true\npinPath: ${pins[1]}\n`);
  const up = await start('pow', '--interface', 'in0', '--config', path);
  expect(up.first).toMatchObject({ state: 'up', stands: true });
  await up.end('SIGKILL');
  expect(hasXdp()).toBe(true);
  expect(runJson('detach', 'pow', ...pins)).toMatchObject({ state: 'detached' });
  expect(hasXdp()).toBe(false);
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'without --pin nothing stays after %s',
  async (signal) => {
    const up = await start('pow', '--device', 'in0', '--ports', '443', ...pins);
    expect(up.first).toMatchObject({ state: 'up', stands: false });
    expect(hasXdp()).toBe(true);
    await up.end(signal);
    expect(hasXdp()).toBe(false);
    expect(runJson('status', ...pins)).toEqual([]);
  },
);

describe('what is wrong in a configuration is located', () => {
  test.each([
    ['an unknown option', 'ports: [443]\ncolour: red\n', '2:9: option colour is not known'],
    ['a value', 'ports: [443]\ncontrolPort: 99999\n', '2:14: option controlPort is 99999'],
    ['a range', 'ports: [443]\ndifficulty:\n  min: 20\n  max: 16\n', '4:8: option difficulty.max is 16'],
    ['no ports', 'service: 1\nports: []\n', '2:8: option ports is empty'],
    ['a protocol', 'ports: [{ port: 1, protocol: sctp }]\n', '1:8: option ports: protocol is "sctp"'],
    ['a port', 'ports:\n  - 443\n  - 0\n', '2:3: option ports is 0'],
    [
      'a rate',
      'ports: [443]\nsynRate: { perSecond: -1, burst: 1 }\n',
      '2:23: option synRate.perSecond is -1',
    ],
    ['an epoch', 'ports: [443]\nepoch: 1\n', '2:8: option epoch'],
    ['no YAML', 'ports: [443\nepoch: 1\n', ':2:'],
    ['no options', '- 443\n', '1:1: expected options by their names'],
  ])('%s', (_, text, message) => {
    const path = config('wrong.yaml', text);
    const { status, stderr } = run('pow', '-i', 'in0', '-c', path, ...pins);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(`${path}:`) });
    expect(stderr).toContain(message);
  });

  test.each([
    [['pow', '--ports', '443'], 'no interface: name one with --interface'],
    [['pow', '-i', 'in0', '--ports', 'http'], '--ports has "http"'],
    [['pow', '-i', 'in0', '-c', '/nowhere.yaml'], 'cannot read the configuration /nowhere.yaml: ENOENT'],
    [['pwo'], "unknown command 'pwo'"],
  ])('%j', (args, message) => {
    expect(run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });
});

test('an interface that is none is refused', () => {
  expect(run('pow', '-i', 'eth9', '-p', '443', ...pins)).toMatchObject({
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
  expect(JSON.parse(stdout).features[0].verdict).toBe('needs CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON');
});
