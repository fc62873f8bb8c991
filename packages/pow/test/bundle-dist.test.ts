import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { randomChallenge, zeroBits } from './puzzles.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a built file as a web application would; a module that only Node has fails the build. */
async function bundle(entry: string) {
  if (!existsSync(`${root}/${entry}`)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'pow',
    metafile: true,
    platform: 'browser',
    write: false,
  });
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

describe.each(['dist/client.js', 'dist/client.cjs'])('%s', (entry) => {
  test('bundles for browsers from its own files and @noble/hashes', async () => {
    const { code, inputs } = await bundle(entry);
    const foreign = inputs.filter(
      (path) => !/^dist\/(client|chunk-\w+)\.c?js$|@noble\/hashes\/\w+\.js$/.test(path),
    );
    expect(foreign).toEqual([]);
    expect(code).not.toMatch(/node:|koffi|__filename|__dirname|import\.meta|pow\.bpf\.o/);
  });

  test('solves without Node', async () => {
    const { code } = await bundle(entry);
    const context = createContext({ input: [...randomChallenge(10)] });
    runInContext(code, context);
    const { nonce } = await runInContext('pow.solve(Uint8Array.from(input))', context);
    expect(zeroBits(Uint8Array.from(context.input), nonce)).toBeGreaterThanOrEqual(10);
  });
});
