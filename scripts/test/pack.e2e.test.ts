import { chownSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../packages/core/test/support/netns.js';
import { CA_EXTENSIONS, OpenSsl } from '../../packages/pki/test/support/openssl.js';
import { packed, root } from './support/packed.js';
import { Project } from './support/project.js';
import { type Registry, startRegistry } from './support/registry.js';
import { tableOf } from './support/table.js';

/* What npm would publish, installed into empty projects where there is no clang. */

const FEATURES = ['cas', 'logger', 'offload', 'pki', 'pow', 'signed-auth', 'tunnel', 'zkp'];
const NOBODY = 65_534;
const THREE = '-all,+bpf,+net_admin,+perfmon';
const stated = new Map(tableOf('docs/packages.md', 'packages').map((row) => [row.package, row]));

let registry: Registry;
/** One for each feature, the core and the command. */
const alone = new Map<string, Project>();
const owned: Disposable[] = [];

beforeAll(async () => {
  registry = await startRegistry();
  const names = [...FEATURES.map((feature) => `@cryptbpf/${feature}`), '@cryptbpf/core', 'cryptbpf'];
  await Promise.all(names.map(async (name) => alone.set(name, await projectWith(name))));
}, 300_000);

afterAll(async () => {
  for (const resource of owned.reverse()) resource[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});

async function projectWith(...names: string[]): Promise<Project> {
  const project = new Project(registry.url);
  owned.push(project);
  await project.install(...names);
  return project;
}

const countStated = (name: string) => Number(stated.get(`\`${name}\``)?.installs);

describe('all packages in one project', () => {
  let project: Project;
  beforeAll(async () => {
    project = await projectWith(...packed().map(({ name }) => name), 'prom-client');
  }, 300_000);

  const node = (...args: string[]) => project.run('node', ...args);
  const entryPoints = packed().flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports)
      .filter((point) => !point.endsWith('.json'))
      .map((point) => name + point.slice(1)),
  );

  it('imports and requires every entry point, with the same names', async () => {
    const named = (load: string) => `
      const points = ${JSON.stringify(entryPoints)};
      const names = (all) => Object.keys(all).filter((key) => key !== 'default' && key !== 'module.exports').sort();
      Promise.all(points.map(async (point) => [point, names(await ${load}(point))])).then((all) => console.log(JSON.stringify(all)));`;
    const esm = JSON.parse(await node('--input-type=module', '-e', named('import')));
    const cjs = JSON.parse(await node('-e', named('require')));
    expect(esm.map(([point]: [string]) => point)).toEqual(entryPoints);
    expect(esm.filter(([, names]: [string, string[]]) => names.length === 0)).toEqual([]);
    expect(cjs).toEqual(esm);
  });

  it('has the command', async () => {
    expect(await project.run('npx', 'cryptbpf', '--version')).toBe(packed()[0]!.version);
    expect(await project.run('npx', 'cryptbpf', 'status', '--pin-path', '/nowhere')).toBe(
      'Nothing is pinned.',
    );
  });

  it('has clients that load no koffi', async () => {
    const shared = 'process.report.getReport().sharedObjects.some((file) => file.includes("koffi"))';
    const loads = (name: string) =>
      node('--input-type=module', '-e', `await import('${name}'); console.log(${shared})`);
    const clients = entryPoints.filter((name) => name.endsWith('/client'));
    expect(clients.length).toBeGreaterThanOrEqual(6);
    for (const name of clients) expect([name, await loads(name)]).toEqual([name, 'false']);
    expect(await loads('@cryptbpf/pow')).toBe('true');
  });

  it('has cryptbpf-gen', async () => {
    await project.run('npx', 'cryptbpf-gen', join(root, 'build/bpf/pow.bpf.o'), '-o', 'pow.gen.ts');
    expect(await node('-p', 'fs.statSync("pow.gen.ts").size > 1000')).toBe('true');
  });
});

describe.each(FEATURES)('@cryptbpf/%s alone, without clang', (feature) => {
  let project: Project;
  let ns: Netns;
  beforeAll(() => {
    project = alone.get(`@cryptbpf/${feature}`)!;
    copyFileSync(join(root, 'scripts/test/attach/attach.mjs'), join(project.directory, 'attach.mjs'));
    ns = namespace();
    if (feature === 'pki') process.env.ANCHOR = anchor();
  });

  const up = new RegExp(`^${feature} was up, with [1-9]\\d* numbers$`);
  const enter = () => ['nsenter', `--net=/run/netns/${ns.name}`] as const;

  it('brings as many packages as are stated', () => {
    expect(project.installed()).toHaveLength(countStated(`@cryptbpf/${feature}`));
  });

  it.each([
    ['esm', 'pinned', `/sys/fs/bpf/cryptbpf-pack-${process.pid}`],
    ['cjs', 'not pinned', ''],
  ])(
    'comes up and goes with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON alone, as %s, %s',
    async (modules, _, pins) => {
      if (pins) {
        mkdirSync(pins);
        chownSync(pins, NOBODY, NOBODY);
      }
      const attach = (capabilities: string) =>
        project.run(...enter(), ...nobodyWith(capabilities), 'node', 'attach.mjs', feature, modules, pins);
      try {
        if (feature !== 'cas') expect(await attach(THREE)).toMatch(up);
        else
          expect(
            await attach(THREE).catch((error) => older(error, () => attach(`${THREE},+sys_admin`))),
          ).toMatch(up);
      } finally {
        if (pins) rmSync(pins, { recursive: true });
      }
    },
  );
});

it.each(['@cryptbpf/core', 'cryptbpf'])('%s brings as many packages as are stated', (name) => {
  expect(alone.get(name)!.installed()).toHaveLength(countStated(name));
});

function nobodyWith(capabilities: string): string[] {
  const user = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', '--no-new-privs'];
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].flatMap((set) => [set, capabilities]);
  return ['setpriv', ...user, ...sets];
}

/** What docs/deploy.md says of libbpf before 1.3. */
function older(error: Error, attach: () => Promise<string>): Promise<string> {
  expect(error.message).toContain('libbpf before 1.3 looks for optional kernel functions in modules');
  return attach();
}

/** With a cable of its own, cb0. */
function namespace(): Netns {
  const ns = Netns.create();
  owned.push(ns);
  Netns.addVeth(ns, ns, ['cb0', 'cb0-peer']);
  return ns;
}

/** A file that has a CA. */
function anchor(): string {
  const openssl = new OpenSsl();
  owned.push(openssl);
  const { certificate } = openssl.issue('ca', { extensions: CA_EXTENSIONS });
  return certificate;
}
