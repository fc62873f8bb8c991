// node bundle.mjs <folder> <file>…: TypeScript becomes few files of JavaScript on the host, since emulated CPUs are slow at it.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [folder, ...files] = process.argv.slice(2);

/** A module still finds what lies beside its source. */
const whereItWas = {
  name: 'where it was',
  setup({ onLoad }) {
    onLoad({ filter: /\/(packages|scripts)\/.*\.[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replaceAll('import.meta.url', `'${pathToFileURL(path).href}'`);
      return { contents, loader: extname(path) === '.ts' ? 'ts' : 'js' };
    });
  },
};

const coreFromSources = {
  name: 'core from its sources',
  setup({ onResolve }) {
    onResolve({ filter: /^@cryptbpf\/core(\/[\w-]+)?$/ }, ({ path }) => {
      const name = path.split('/')[2] ?? 'index';
      return { path: `${root}packages/core/src/${name}.ts` };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: files,
  outbase: root,
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi', 'esbuild', 'vitest'],
  plugins: [coreFromSources, whereItWas],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
