import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const OWN = /^dist\/(client|chunk-\w+)\.c?js$|\/(@noble\/hashes|multiformats)\/[\w/.-]+\.js$/;

/** Bundles a built file as an application would; a module that browsers have not fails the build. */
async function bundle(entry: string) {
  if (!existsSync(`${root}/${entry}`)) throw new Error(`${entry} is missing: run "npm run build" first`);
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    globalName: 'cas',
    metafile: true,
    platform: 'browser',
    write: false,
  });
  const foreign = Object.keys(metafile.inputs).filter((path) => !OWN.test(path));
  return { code: outputFiles[0]!.text, foreign };
}

describe.each(['dist/client.js', 'dist/client.cjs'])('%s', (entry) => {
  test('bundles for browsers from its own files, @noble and multiformats, and works there', async () => {
    const { code, foreign } = await bundle(entry);
    expect(foreign).toEqual([]);
    expect(code).not.toMatch(/require\("node:|from "node:|koffi|__filename|__dirname|\.bpf\.o/);
    const context = createContext({ TextEncoder, TextDecoder });
    runInContext(code, context);
    const carry = `(async () => {
      const object = Uint8Array.from({ length: 3000 }, (_, i) => i);
      const content = await cas.contentOf(object);
      const receiver = new cas.Receiver(content.cid);
      for await (const packet of content.packets()) await receiver.accept(packet);
      return typeof process + receiver.bytes().every((byte, i) => byte === object[i]);
    })()`;
    expect(await runInContext(carry, context)).toBe('undefinedtrue');
  });
});
