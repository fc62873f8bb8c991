import { copyFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = { format: ['esm', 'cjs'], target: 'node20', splitting: true };

// The clients' parts apart: shims for import.meta.url in a chunk that they share would break them in browsers.
export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      crypto: 'src/crypto.ts',
      metrics: 'src/metrics.ts',
      'gen/cli': 'src/gen/cli.ts',
    },
    dts: { entry: { index: 'src/index.ts', crypto: 'src/crypto.ts', metrics: 'src/metrics.ts' } },
    shims: true,
    onSuccess: async () => copyFileSync('src/chain/dispatcher.bpf.o', 'dist/dispatcher.bpf.o'),
  },
  {
    ...common,
    entry: { codecs: 'src/codecs.ts', 'gate-client': 'src/gate-client.ts', 'gate-udp': 'src/gate-udp.ts' },
    target: 'es2022',
    dts: true,
  },
]);
