import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { jsonSchema } from './src/shapes/features.js';

const root = '../..';
/** Of the demonstrations, and of the comparison. */
const OBJECTS = ['flood', 'pass', 'witness', 'hash_test', 'p256_test'];

/* What demonstrations and comparison find by paths of the repository lies in dist/ as it lies there. */
export default defineConfig([
  {
    format: 'esm',
    target: 'es2022',
    entry: {
      cli: 'src/cli.ts',
      'traffic/sender': 'src/traffic/sender.ts',
      'traffic/receiver': 'src/traffic/receiver.ts',
      'bench/peer': 'src/bench/peer.ts',
    },
    banner: { js: '#!/usr/bin/env node' },
    onSuccess: async () => {
      writeFileSync('dist/schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`);
      cpSync(`${root}/examples/demo`, 'dist/examples/demo', { recursive: true });
      mkdirSync('dist/build/bpf', { recursive: true });
      for (const name of OBJECTS)
        copyFileSync(`${root}/build/bpf/${name}.bpf.o`, `dist/build/bpf/${name}.bpf.o`);
    },
  },
  {
    format: 'esm',
    target: 'es2022',
    entry: { 'packages/primitives/dist/compare': '../primitives/src/compare/main.ts' },
    noExternal: [/^@noble\//],
  },
]);
