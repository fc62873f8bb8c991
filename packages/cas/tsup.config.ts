import { copyFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = { format: ['esm', 'cjs'], target: 'es2022', dts: true };

// The controller apart: its shims for import.meta.url would end up in chunks that it shares with the
// client, and break that in browsers.
export default defineConfig([
  { ...common, entry: { client: 'src/client.ts' } },
  {
    ...common,
    entry: { index: 'src/index.ts' },
    shims: true,
    onSuccess: async () => copyFileSync('src/cas.bpf.o', 'dist/cas.bpf.o'),
  },
]);
