import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';

const repository = new URL('../../../', import.meta.url).pathname;
const directory = `${repository}build/readme-offload-${process.pid}`;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the code in the README compiles', { timeout: 120_000 }, () => {
  const readme = readFileSync(`${repository}packages/offload/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(blocks.length).toBe(2);
  mkdirSync(directory, { recursive: true });
  for (const [i, code] of blocks.entries()) writeFileSync(`${directory}/block${i}.ts`, code);
  const sources = `${repository}packages`;
  const config = {
    extends: `${repository}tsconfig.base.json`,
    compilerOptions: {
      types: ['node'],
      typeRoots: [`${repository}node_modules/@types`],
      paths: {
        '@cryptbpf/core': [`${sources}/core/src/index.ts`],
        '@cryptbpf/core/*': [`${sources}/core/src/*.ts`],
        '@cryptbpf/offload': [`${sources}/offload/src/index.ts`],
        '@cryptbpf/offload/*': [`${sources}/offload/src/*.ts`],
      },
    },
    include: ['*.ts'],
  };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(config));
  const tsc = `${repository}node_modules/typescript/bin/tsc`;
  const run = () =>
    execFileSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8', stdio: 'pipe' });
  expect(run()).toBe('');
});
