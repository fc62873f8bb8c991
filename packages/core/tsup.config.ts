import { copyFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', crypto: 'src/crypto.ts', 'gen/cli': 'src/gen/cli.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: { entry: { index: 'src/index.ts', crypto: 'src/crypto.ts' } },
  shims: true,
  clean: true,
  splitting: true,
  onSuccess: async () => copyFileSync('src/chain/dispatcher.bpf.o', 'dist/dispatcher.bpf.o'),
});
