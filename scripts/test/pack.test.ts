import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/* What npm would publish, installed into an empty project. */

const PACKAGES = ['cas', 'cli', 'core', 'logger', 'offload', 'pki', 'pow', 'signed-auth', 'tunnel', 'zkp'];
const root = new URL('../../', import.meta.url).pathname;
let project: string;

const npm = (...args: string[]) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    encoding: 'utf8',
  });
const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8' }).trim();

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'cryptbpf-pack-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }');
  for (const name of PACKAGES) npm('pack', join(root, 'packages', name), '--pack-destination', project);
  npm(
    'install',
    ...readdirSync(project)
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => `./${file}`),
  );
}, 300_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('an empty project with the packed packages', () => {
  it.each([
    '@cryptbpf/cas',
    '@cryptbpf/cas/client',
    '@cryptbpf/core',
    '@cryptbpf/tunnel',
    '@cryptbpf/logger',
    '@cryptbpf/logger/reader',
    ...['offload', 'pow', 'signed-auth', 'zkp', 'pki'].flatMap((name) =>
      ['', '/client', '/udp'].map((part) => `@cryptbpf/${name}${part}`),
    ),
  ])('imports and requires %s, with the same names', (name) => {
    const names = 'console.log(Object.keys(all).filter((key) => key !== "default").sort().join())';
    const esm = node('--input-type=module', '-e', `import * as all from '${name}'; ${names}`);
    const cjs = node('-e', `const all = require('${name}'); ${names}`);
    expect(esm).not.toBe('');
    expect(cjs).toBe(esm);
  });

  it('has the command', () => {
    expect(node('node_modules/.bin/cryptbpf', '--version')).toBe('0.0.0');
    expect(node('node_modules/.bin/cryptbpf', 'status', '--pin-path', '/nowhere')).toBe('Nothing is pinned.');
  });

  it.each([
    ['ESM', ['--input-type=module', '-e', "import { PowGate } from '@cryptbpf/pow'; run(PowGate)"]],
    ['CommonJS', ['-e', "const { PowGate } = require('@cryptbpf/pow'); run(PowGate)"]],
  ])('finds its BPF objects from %s', (_title, [...args]) => {
    const run = `
      async function run(PowGate) {
        const gate = await PowGate.attach({ interface: 'lo', ports: [65000], pin: false, mode: 'generic', monitor: true });
        console.log(gate.challengeFor('192.0.2.1').length);
        gate.detach();
      }`;
    args[args.length - 1] = `${run} ${args.at(-1)}`;
    expect(node(...args)).toBe('32');
  });

  it.each([
    ['ESM', '--input-type=module', "import { SignedAuth } from '@cryptbpf/signed-auth';"],
    ['CommonJS', '--no-warnings', "const { SignedAuth } = require('@cryptbpf/signed-auth');"],
  ])('has signed packets from %s', (_title, flag, load) => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    const options = {
      interface: 'lo',
      ports: [{ port: 65000, protocol: 'udp' }],
      audience: 'test',
      keys: [{ id: 1, key }],
      pin: false,
      mode: 'generic',
      monitor: true,
    };
    const run = `
      SignedAuth.attach(${JSON.stringify(options)}).then(async (auth) => {
        await auth.tablesBuilt();
        console.log(auth.keys()[0].hasTable, auth.challengeFor('192.0.2.1').length);
        auth.detach();
      });`;
    expect(node(flag, '-e', `${load} ${run}`)).toBe('true 32');
  });

  it.each([
    ['ESM', '--input-type=module', "import { ContentVerifier } from '@cryptbpf/cas';"],
    ['CommonJS', '--no-warnings', "const { ContentVerifier } = require('@cryptbpf/cas');"],
  ])('has the verifier of content from %s', (_title, flag, load) => {
    const options = { interface: 'lo', ports: [65001], pin: false, mode: 'generic', monitor: true };
    const run = `
      ContentVerifier.attach(${JSON.stringify(options)}).then((verifier) => {
        console.log(verifier.attachments.length);
        verifier.detach();
      });`;
    expect(node(flag, '-e', `${load} ${run}`)).toBe('2');
  });

  it('has a client that loads no koffi', () => {
    const shared = 'process.report.getReport().sharedObjects.some((file) => file.includes("koffi"))';
    const loads = (name: string) =>
      node('--input-type=module', '-e', `await import('${name}'); console.log(${shared})`);
    expect([loads('@cryptbpf/pow/client'), loads('@cryptbpf/pow')]).toEqual(['false', 'true']);
  });

  it('has cryptbpf-gen', () => {
    const object = join(root, 'build/bpf/pow.bpf.o');
    execFileSync('npx', ['--no-install', 'cryptbpf-gen', object, '-o', 'pow.gen.ts'], { cwd: project });
    expect(readdirSync(project)).toContain('pow.gen.ts');
  });

  it.each(PACKAGES)('%s holds no sources, tests or maps of this machine', (name) => {
    const files = readdirSync(
      join(project, 'node_modules', name === 'cli' ? 'cryptbpf' : `@cryptbpf/${name}`),
      { recursive: true },
    ).map(String);
    expect(files.filter((file) => /(^|\/)(src|test)\//.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
  });
});
