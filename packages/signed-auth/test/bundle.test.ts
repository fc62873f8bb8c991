import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateKey } from '../src/client.js';
import { publicKeyOf, readSigned } from './client-verifier.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const pair = generateKey();

let code: string;
let metafile: Metafile;

beforeAll(async () => {
  const result = await build({
    absWorkingDir: root,
    alias: { '@cryptbpf/core/gate-client': '../core/src/gate-client.ts' },
    entryPoints: ['src/client.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'signedAuth',
    metafile: true,
    minify: true,
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  code = result.outputFiles[0]!.text;
  metafile = result.metafile;
  expect(result.warnings).toEqual([]);
});

describe('the client, bundled for browsers', () => {
  test('is made of itself, what gates share, and @noble', () => {
    const own = /^src\/(client\/[\w-]+|client)\.ts$|^\.\.\/core\/src\/gate-client[./]/;
    const noble = /node_modules\/@noble\/(curves|hashes)\/[\w/-]+\.js$/;
    const foreign = Object.keys(metafile.inputs).filter((path) => !own.test(path) && !noble.test(path));
    expect(foreign).toEqual([]);
    const [output] = Object.values(metafile.outputs);
    expect(output!.imports).toEqual([]);
  });

  test('names no node: module and no koffi', () => {
    expect(code).not.toMatch(/node:|koffi|\brequire\s*\(|\bimport\s*\(/);
  });

  test('is small', () => {
    expect(code.length).toBeLessThan(90_000);
  });
});

describe('the bundle signs where there is no Node', () => {
  /** What browsers and workers have besides the language. */
  const web = () =>
    createContext({ crypto, TextEncoder, atob, btoa, pair, options: { audience: 'bundle.test', keyId: 1 } });
  const check = (packet: Uint8Array) =>
    readSigned(Buffer.from(packet), { audience: 'bundle.test', key: publicKeyOf(pair.publicPem) });

  test.each(['pair.privatePem', 'pair.privateJwk', 'Uint8Array.from(pair.secretKey)'])(
    'with %s',
    async (form) => {
      const context = web();
      runInContext(code, context);
      const sign = `signedAuth.createSigner(${form}, options).sign(Uint8Array.of(1, 2, 3))`;
      const read = check(await runInContext(sign, context));
      expect(read).toMatchObject({ payload: Buffer.of(1, 2, 3), counter: 1n, holds: true });
      expect(runInContext('typeof process + typeof Buffer', context)).toBe('undefined'.repeat(2));
    },
  );

  test('with a key of WebCrypto that cannot be exported', async () => {
    const context = web();
    runInContext(code, context);
    const usage = { name: 'ECDSA', namedCurve: 'P-256' };
    context.key = await crypto.subtle.importKey('jwk', pair.privateJwk, usage, false, ['sign']);
    const packet = await runInContext(
      'signedAuth.createSigner(key, options).sign(Uint8Array.of(1))',
      context,
    );
    expect(check(packet).holds).toBe(true);
  });

  test('and makes keys', () => {
    const context = web();
    runInContext(code, context);
    const { publicPem } = runInContext('signedAuth.generateKey()', context);
    expect(publicKeyOf(publicPem).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });
});
