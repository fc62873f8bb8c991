import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { jsonSchema } from './src/shapes/features.js';

export default defineConfig({
  format: 'esm',
  target: 'es2022',
  entry: { cli: 'src/cli.ts' },
  banner: { js: '#!/usr/bin/env node' },
  onSuccess: async () => writeFileSync('dist/schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`),
});
