import { copyFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = { format: ['esm', 'cjs'], target: 'es2022', dts: true };

/** What all clients share becomes part of this package: at run time the client needs nothing of core's. */
const shared = [/^@cryptbpf\/core\/gate-client$/];

// The controller apart: its shims for import.meta.url would end up in chunks that it shares with the client.
export default defineConfig([
  { ...common, entry: { client: 'src/client.ts', udp: 'src/udp.ts' }, splitting: true, noExternal: shared },
  {
    ...common,
    entry: { index: 'src/index.ts' },
    noExternal: shared,
    shims: true,
    onSuccess: async () => copyFileSync('src/offload.bpf.o', 'dist/offload.bpf.o'),
  },
]);
