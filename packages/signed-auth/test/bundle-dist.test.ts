import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { generateKey } from '../src/client.js';
import { publicKeyOf, readSigned } from './client-verifier.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a built file as an application would; a module that its platform has not fails the build. */
async function bundle(entry: string, platform: 'browser' | 'node' = 'browser') {
  if (!existsSync(`${root}/${entry}`)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'signedAuth',
    metafile: true,
    platform,
    write: false,
  });
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

describe.each(['dist/client.js', 'dist/client.cjs'])('%s', (entry) => {
  test('bundles for browsers from its own files and @noble', async () => {
    const { code, inputs } = await bundle(entry);
    const foreign = inputs.filter(
      (path) => !/^dist\/(client|chunk-\w+)\.c?js$|@noble\/(curves|hashes)\/[\w/-]+\.js$/.test(path),
    );
    expect(foreign).toEqual([]);
    expect(code).not.toMatch(/node:|koffi|__filename|__dirname|import\.meta|\.bpf\.o/);
  });

  test('signs without Node', async () => {
    const { code } = await bundle(entry);
    const { publicPem, privatePem } = generateKey();
    const context = createContext({ crypto, TextEncoder, atob, privatePem });
    runInContext(code, context);
    const sign = `signedAuth.createSigner(privatePem, { audience: 'dist.test', keyId: 1 }).sign(Uint8Array.of(1))`;
    const packet = Buffer.from(await runInContext(sign, context));
    expect(readSigned(packet, { audience: 'dist.test', key: publicKeyOf(publicPem) }).holds).toBe(true);
  });
});

test.each(['dist/udp.js', 'dist/udp.cjs'])(
  '%s needs Node and @noble, nothing of the kernel side',
  async (entry) => {
    const { code, inputs } = await bundle(entry, 'node');
    const foreign = inputs.filter(
      (path) => !/^dist\/(udp|chunk-\w+)\.c?js$|@noble\/(curves|hashes)\/[\w/-]+\.js$/.test(path),
    );
    expect(foreign).toEqual([]);
    expect(code).not.toMatch(/koffi|\.bpf\.o/);
  },
);
