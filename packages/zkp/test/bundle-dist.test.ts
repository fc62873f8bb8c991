import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { testKeys } from './support/keys.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const OWN = /^dist\/(client|udp|chunk-\w+)\.c?js$|@noble\/(curves|hashes)\/[\w/-]+\.js$/;

/** Bundles a built file as an application would; a module that its platform has not fails the build. */
async function bundle(entry: string, platform: 'browser' | 'node' = 'browser') {
  if (!existsSync(`${root}/${entry}`)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'zkp',
    metafile: true,
    platform,
    write: false,
  });
  const foreign = Object.keys(metafile.inputs).filter((path) => !OWN.test(path));
  return { code: outputFiles[0]!.text, foreign };
}

describe.each(['dist/client.js', 'dist/client.cjs'])('%s', (entry) => {
  test('bundles for browsers from its own files and @noble, and proves there', async () => {
    const { code, foreign } = await bundle(entry);
    expect(foreign).toEqual([]);
    expect(code).not.toMatch(/node:|koffi|__filename|__dirname|import\.meta|\.bpf\.o/);
    const keys = testKeys(2);
    const options = {
      audience: 'bundle.test',
      group: {
        id: 1,
        epoch: 1,
        members: keys.map(({ publicKey }) => Buffer.from(publicKey).toString('hex')),
      },
      key: [...keys[0]!.secretKey],
    };
    const context = createContext({ crypto, TextEncoder, atob, options });
    runInContext(code, context);
    const prove = `
      const key = Uint8Array.from(options.key);
      const prover = zkp.createRingProver({ ...options, key });
      prover.prove(new Uint8Array(32), '192.0.2.1').length + typeof process`;
    expect(runInContext(prove, context)).toBe(`${104 + 2 * 32}undefined`);
  });
});

test.each(['dist/udp.js', 'dist/udp.cjs'])('%s needs Node and @noble alone', async (entry) => {
  const { code, foreign } = await bundle(entry, 'node');
  expect(foreign).toEqual([]);
  expect(code).not.toMatch(/koffi|\.bpf\.o/);
});
