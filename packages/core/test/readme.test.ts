import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { repository } from './compile.js';

const directory = `${repository}build/readme-core-${process.pid}`;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the code in the README compiles', () => {
  const readme = readFileSync(`${repository}packages/core/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(blocks.length).toBe(3);
  mkdirSync(directory, { recursive: true });
  for (const [i, code] of blocks.entries()) writeFileSync(`${directory}/block${i}.ts`, code);
  const config = {
    extends: `${repository}tsconfig.base.json`,
    compilerOptions: {
      types: ['node'],
      typeRoots: [`${repository}node_modules/@types`],
      paths: { '@cryptbpf/core': [`${repository}packages/core/src/index.ts`] },
    },
    include: ['*.ts'],
  };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(config));
  const tsc = `${repository}node_modules/typescript/bin/tsc`;
  const run = () =>
    execFileSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8', stdio: 'pipe' });
  expect(run()).toBe('');
});
