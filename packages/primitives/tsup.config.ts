import { defineConfig } from 'tsup';

// For npm run compare and npm run bench, which run without a loader for TypeScript.
export default defineConfig({
  entry: { compare: 'src/compare/main.ts', 'aead-bench': 'src/aead-bench.ts', p384: 'src/p384.ts' },
  format: ['esm'],
  target: 'node20',
  dts: false,
  clean: true,
  splitting: true,
});
