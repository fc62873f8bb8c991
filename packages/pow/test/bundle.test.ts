import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { workerSourceModule } from '../scripts/worker-source.mjs';
import { randomChallenge, zeroBits } from './puzzles.js';

const root = fileURLToPath(new URL('..', import.meta.url));

let code: string;
let metafile: Metafile;

beforeAll(async () => {
  const result = await build({
    absWorkingDir: root,
    alias: { '@cryptbpf/core/gate-client': '../core/src/gate-client.ts' },
    entryPoints: ['src/client.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'pow',
    metafile: true,
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  code = result.outputFiles[0]!.text;
  metafile = result.metafile;
  expect(result.warnings).toEqual([]);
});

describe('the client, bundled for browsers', () => {
  test('is made of itself, what gates share, and @noble/hashes', () => {
    const foreign = Object.keys(metafile.inputs).filter(
      (path) =>
        !/^src\/(client\/.+|client)\.ts$|^\.\.\/core\/src\/gate-client[./]|node_modules\/@noble\/hashes\/\w+\.js$/.test(
          path,
        ),
    );
    expect(foreign).toEqual([]);
    const [output] = Object.values(metafile.outputs);
    expect(output!.imports).toEqual([]);
  });

  test('names no node: module and no koffi', () => {
    expect(code).not.toMatch(/node:|koffi|\brequire\s*\(|\bimport\s*\(/);
  });

  test('is small', () => {
    expect(code.length).toBeLessThan(50_000);
  });
});

describe('the bundle solves', () => {
  test('in an engine that has nothing but the language', async () => {
    const context = createContext({ input: [...randomChallenge(12)] });
    runInContext(code, context);
    const result = runInContext('pow.solve(Uint8Array.from(input), { workers: 4 })', context);
    const { nonce } = await result;
    expect(zeroBits(Uint8Array.from(context.input), nonce)).toBeGreaterThanOrEqual(12);
    expect(runInContext('typeof process + typeof setTimeout + typeof Worker', context)).toBe(
      'undefined'.repeat(3),
    );
  });

  test('with Web Workers from a blob', async () => {
    const browser = new FakeBrowser();
    const context = createContext({ ...browser.globals, input: [...randomChallenge(17)] });
    runInContext(code, context);
    const { nonce } = await runInContext('pow.solve(Uint8Array.from(input), { workers: 2 })', context);
    expect(zeroBits(Uint8Array.from(context.input), nonce)).toBeGreaterThanOrEqual(17);
    expect(browser).toMatchObject({ started: 2, blobs: new Map() });
    expect(browser.heard).toBeGreaterThan(0);
  });

  test('on its own thread when the page’s policy refuses blob: workers', async () => {
    const browser = new FakeBrowser();
    browser.refuse = true;
    const context = createContext({ ...browser.globals, input: [...randomChallenge(10)] });
    runInContext(code, context);
    const { nonce } = await runInContext('pow.solve(Uint8Array.from(input), { workers: 2 })', context);
    expect(zeroBits(Uint8Array.from(context.input), nonce)).toBeGreaterThanOrEqual(10);
    expect(browser).toMatchObject({ started: 2, heard: 0 });
  });

  test('in a worker, with workers of its own', async () => {
    const challenge = randomChallenge(17);
    const source = `${code}
      const { parentPort, workerData } = require('node:worker_threads');
      pow.solve(workerData).then((solution) => parentPort.postMessage(solution.nonce));`;
    const worker = new Worker(source, { eval: true, workerData: challenge });
    const nonce = await new Promise<bigint>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    expect(zeroBits(challenge, nonce)).toBeGreaterThanOrEqual(17);
    await worker.terminate();
  });
});

test('worker-source.gen.ts is what scripts/worker-source.mjs makes', async () => {
  const committed = readFileSync(new URL('../src/client/worker-source.gen.ts', import.meta.url), 'utf8');
  expect(committed).toBe(await workerSourceModule());
});

/** Web Workers over threads: a worker sees `postMessage` and `addEventListener`, and nothing of Node. */
class FakeBrowser {
  readonly blobs = new Map<string, string>();
  started = 0;
  heard = 0;
  /** Workers fail with an error event, as a Content-Security-Policy makes them. */
  refuse = false;

  get globals() {
    const browser = this;
    const blobs = this.blobs;
    class Blob {
      readonly text: string;
      constructor(parts: string[]) {
        this.text = parts.join('');
      }
    }
    const URL = {
      createObjectURL: ({ text }: Blob) => {
        blobs.set('blob:1', text);
        return 'blob:1';
      },
      revokeObjectURL: (url: string) => blobs.delete(url),
    };
    class WebWorker {
      readonly #thread: Worker;
      constructor(url: string) {
        browser.started++;
        const source = browser.refuse ? 'throw new Error("refused")' : WEB_WORKER_GLOBALS + blobs.get(url);
        this.#thread = new Worker(source, { eval: true });
        this.#thread.on('error', () => {});
      }
      postMessage(message: unknown) {
        this.#thread.postMessage(message);
      }
      terminate() {
        void this.#thread.terminate();
      }
      addEventListener(type: string, listener: (event: { data: unknown }) => void) {
        this.#thread.on(type, (data: unknown) => {
          if (type === 'message') browser.heard++;
          listener({ data });
        });
      }
    }
    return { Blob, URL, Worker: WebWorker, MessageChannel, setTimeout, clearTimeout };
  }
}

const WEB_WORKER_GLOBALS = `{
  const { parentPort } = require('node:worker_threads');
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  globalThis.addEventListener = (type, listener) => parentPort.on(type, (data) => listener({ data }));
  process.getBuiltinModule = undefined;
}\n`;
