import { defineConfig } from 'tsup';

export default defineConfig({
  format: 'esm',
  target: 'es2022',
  entry: { cli: 'src/cli.ts' },
  banner: { js: '#!/usr/bin/env node' },
});
