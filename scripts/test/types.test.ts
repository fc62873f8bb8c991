import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packed, root } from './support/packed.js';

/* What the compilers of users say of the packed packages. */

const project = `${root}build/types-${process.pid}/`;

const OPTIONS = {
  strict: true,
  target: 'es2022',
  lib: ['es2022', 'esnext.disposable', 'esnext.asynciterable'],
  module: 'node16',
  moduleResolution: 'node16',
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
  typeRoots: [`${root}node_modules/@types`],
};

beforeAll(() => {
  for (const { name, path } of packed()) {
    const folder = `${project}node_modules/${name}`;
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['xzf', path, '-C', folder, '--strip-components=1']);
  }
  const points = packed().flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports)
      .filter((point) => !point.endsWith('.json'))
      .map((point) => name + point.slice(1)),
  );
  const all = points
    .map((point, i) => `import * as all${i} from '${point}';\nexport { all${i} };\n`)
    .join('');
  writeFileSync(`${project}all.mts`, all);
  writeFileSync(`${project}all.cts`, all);
  copyFileSync(`${root}scripts/test/types/consumer.ts`, `${project}consumer.mts`);
  writeFileSync(
    `${project}tsconfig.json`,
    JSON.stringify({ compilerOptions: OPTIONS, include: ['*.mts', '*.cts'] }),
  );
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What it says of our types and of who uses them; not of what is wrong in others' packages. */
function complaints(compiler: string): string[] {
  const tsc = `${root}node_modules/${compiler}/bin/tsc`;
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], {
    cwd: project,
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((line) => /^(node_modules\/(@cryptbpf|cryptbpf)\/|[\w]+\.[mc]ts\()/.test(line));
}

it.each(['typescript-lowest', 'typescript', 'typescript-highest'])(
  'holds for %s, ESM and CommonJS',
  (compiler) => {
    expect(complaints(compiler)).toEqual([]);
  },
);

it('the lowest and the highest are those that the docs state', () => {
  const versionOf = (name: string) =>
    JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8')).version.replace(
      /\.\d+$/,
      '',
    );
  const page = readFileSync(`${root}docs/packages.md`, 'utf8');
  expect(page).toContain(
    `TypeScript ${versionOf('typescript-lowest')} to ${versionOf('typescript-highest')}`,
  );
});

it('notices a type that is missing', () => {
  const broken = `${project}broken.mts`;
  writeFileSync(broken, "import { nothing } from '@cryptbpf/pow';\nexport { nothing };\n");
  try {
    expect(complaints('typescript-highest').join()).toContain('broken.mts');
  } finally {
    rmSync(broken);
  }
});
