import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build } from 'esbuild';
import { publint } from 'publint';
import { describe, expect, it } from 'vitest';
import { type Packed, packed, root } from './support/packed.js';
import { tableOf } from './support/table.js';

/* Each package as npm would publish it, without root. */

const all = packed();
const stated = new Map(tableOf('docs/packages.md', 'packages').map((row) => [row.package, row]));

describe.each(all)('$name', (tarball) => {
  const { manifest } = tarball;
  const files = tarball.files.map(({ path }) => path);

  it('has nothing that publint would change', async () => {
    const { messages } = await publint({ pack: { tarball: dataOf(tarball).buffer }, level: 'suggestion' });
    expect(messages).toEqual([]);
  });

  it('has types that hold wherever exports are known', async () => {
    const result = await checkPackage(createPackageFromTarballData(dataOf(tarball)));
    const problems = result.types ? result.problems : [];
    expect(Boolean(result.types)).toBe('.' in manifest.exports);
    // Of before exports: what they do not know is stated in docs/packages.md.
    expect(
      problems.filter((problem) => !('resolutionKind' in problem) || problem.resolutionKind !== 'node10'),
    ).toEqual([]);
  });

  it('holds what was built, its README and its licence, and no sources, tests or maps', () => {
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    const rest = files.filter((path) => !['LICENSE', 'README.md', 'package.json'].includes(path));
    expect(rest.filter((path) => !/^dist\/[\w/-]+(\.d)?\.(m?js|cjs|ts|cts|bpf\.o|json)$/.test(path))).toEqual(
      [],
    );
    expect(rest.filter((path) => /\.(ts|cts)$/.test(path) && !/\.d\.c?ts$/.test(path))).toEqual([]);
  });

  it('names its licence: MIT, and GPL-2.0-only where it brings a BPF object', () => {
    const hasObject = files.some((path) => path.endsWith('.bpf.o'));
    expect(manifest.license).toBe(hasObject ? 'MIT AND GPL-2.0-only' : 'MIT');
    const licence = readFileSync(`${root}packages/${tarball.folder}/LICENSE`, 'utf8');
    expect(licence.includes('GNU GENERAL PUBLIC LICENSE')).toBe(hasObject);
    expect(licence).toContain('MIT License');
  });

  it('says where it comes from, as provenance asks', () => {
    expect(manifest.repository.directory).toBe(`packages/${tarball.folder}`);
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
    expect(Object.values(manifest.dependencies).filter((range) => !/^\d+\.\d+\.\d+$/.test(range))).toEqual(
      [],
    );
  });

  it('has the entry points that are stated', () => {
    const points = Object.keys(manifest.exports).filter((point) => point !== './package.json');
    const commands = Object.keys(manifest.bin ?? {}).map((name) => `${name} (command)`);
    expect(stated.get(`\`${tarball.name}\``)?.['entry points']).toBe(
      [...points, ...commands]
        .map((point) => `\`${point}\``)
        .join(' ')
        .replaceAll(' (command)`', '` (command)'),
    );
  });

  it('is as large as is stated', async () => {
    const row = stated.get(`\`${tarball.name}\``);
    expectWithin(tarball.size, row?.tarball);
    const client = './client' in manifest.exports ? await browserBytes(tarball.folder, 'client') : 0;
    if (client > 0) expectWithin(client, row?.client);
    else expect(row?.client).toBe('');
  });
});

it('states no package that is not there', () => {
  expect([...stated.keys()].sort()).toEqual(all.map(({ name }) => `\`${name}\``).sort());
});

it('no file, export or dependency of the repository is unused, and none is undeclared', {
  timeout: 300_000,
}, () => {
  const run = () =>
    execFileSync('npx', ['--no-install', 'knip', '--no-progress', '--no-config-hints'], {
      cwd: root,
      encoding: 'utf8',
    });
  expect(run().trim()).toBe('');
});

const dataOf = ({ path }: Packed) => Uint8Array.from(readFileSync(path));

/** What a page would load. A module that browsers have not fails the build. */
async function browserBytes(folder: string, entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [`${root}packages/${folder}/dist/${entry}.js`],
    bundle: true,
    format: 'esm',
    minify: true,
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

function expectWithin(bytes: number, statedKib: string | undefined): void {
  const kib = bytes / 1024;
  expect(kib).toBeLessThanOrEqual(Number(statedKib));
  expect(kib).toBeGreaterThan(Number(statedKib) / 2);
}
