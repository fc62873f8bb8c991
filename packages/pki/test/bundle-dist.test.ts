import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { OpenSsl } from './support/openssl.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a built file as an application would; a module that its platform has not fails the build. */
async function bundle(entry: string, platform: 'browser' | 'node' = 'browser') {
  if (!existsSync(`${root}/${entry}`)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'pki',
    metafile: true,
    platform,
    write: false,
  });
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

describe.each(['dist/client.js', 'dist/client.cjs'])('%s', (entry) => {
  test('bundles for browsers from its own files alone', async () => {
    const { code, inputs } = await bundle(entry);
    expect(inputs.filter((path) => !/^dist\/(client|chunk-\w+)\.c?js$/.test(path))).toEqual([]);
    expect(code).not.toMatch(/node:|koffi|__filename|__dirname|import\.meta|\.bpf\.o|Buffer/);
  });

  test('signs without Node', async () => {
    using ssl = new OpenSsl();
    const { certificate: chain, key } = ssl.leaf(ssl.root());
    const { code } = await bundle(entry);
    const context = createContext({ crypto, TextEncoder, atob, chain, key });
    runInContext(code, context);
    const present = `pki.Holder.create({ chain, key, audience: 'dist.test' }).then((holder) => holder.present(new Uint8Array(32), '192.0.2.1'))`;
    const { certificates, signature } = await runInContext(present, context);
    expect([certificates.length, signature.length]).toEqual([1, 64]);
  });
});

test.each(['dist/udp.js', 'dist/udp.cjs'])('%s needs Node, nothing of the kernel side', async (entry) => {
  const { code, inputs } = await bundle(entry, 'node');
  expect(inputs.filter((path) => !/^dist\/(udp|chunk-\w+)\.c?js$/.test(path))).toEqual([]);
  expect(code).not.toMatch(/koffi|\.bpf\.o/);
});
