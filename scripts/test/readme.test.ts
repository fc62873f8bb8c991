import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';

const repository = new URL('../../', import.meta.url).pathname;
const directory = `${repository}build/readme-${process.pid}`;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A package's name stands for its source, as one that is installed would for what was built of it. */
const TSCONFIG = {
  extends: `${repository}tsconfig.base.json`,
  compilerOptions: {
    noUnusedLocals: false, // an example may end where it has what it shows
    types: ['node'],
    typeRoots: [`${repository}node_modules/@types`],
    paths: Object.fromEntries(
      packages().flatMap((name) => [
        [`@cryptbpf/${name}`, [`${repository}packages/${name}/src/index.ts`]],
        [`@cryptbpf/${name}/*`, [`${repository}packages/${name}/src/*.ts`]],
      ]),
    ),
  },
  include: ['*.ts'],
};

function packages(): string[] {
  const folders = readdirSync(`${repository}packages`);
  return folders.filter(
    (name) =>
      existsSync(`${repository}packages/${name}/src/index.ts`) &&
      existsSync(`${repository}packages/${name}/README.md`),
  );
}

/** The blocks of a README that are TypeScript. */
function blocksOf(path: string): string[] {
  const text = readFileSync(`${repository}${path}`, 'utf8');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
}

test('the code in every README compiles', { timeout: 240_000 }, () => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(TSCONFIG));
  const readmes = [
    ['project', 'README.md'],
    ...packages().map((name) => [name, `packages/${name}/README.md`]),
  ];
  for (const [name, path] of readmes) {
    const blocks = blocksOf(path!);
    expect({ path, hasCode: blocks.length > 0 }).toEqual({ path, hasCode: true });
    for (const [i, code] of blocks.entries()) writeFileSync(`${directory}/${name}-${i}.ts`, code);
  }
  const tsc = `${repository}node_modules/typescript/bin/tsc`;
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });
  expect(stdout).toBe('');
});
