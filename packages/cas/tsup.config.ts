import { copyFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = { target: 'es2022', dts: true };

/** Has no CommonJS: what bundlers make of a require() of it is an error, so there it is part of this package. */
const library = [/^multiformats\//];

// The controller apart: its shims for import.meta.url would end up in chunks that it shares with the
// client, and break that in browsers.
export default defineConfig([
  { ...common, format: 'esm', entry: { client: 'src/client.ts', udp: 'src/udp.ts' } },
  {
    ...common,
    format: 'cjs',
    entry: { client: 'src/client.ts', udp: 'src/udp.ts' },
    noExternal: library,
    splitting: true,
  },
  { ...common, format: 'esm', entry: { index: 'src/index.ts' }, shims: true },
  {
    ...common,
    format: 'cjs',
    entry: { index: 'src/index.ts' },
    noExternal: library,
    shims: true,
    onSuccess: async () => copyFileSync('src/cas.bpf.o', 'dist/cas.bpf.o'),
  },
]);
