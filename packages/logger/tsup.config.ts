import { copyFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const common: Options = { format: ['esm', 'cjs'], target: 'node20', dts: true };

/** The reader needs nothing of core's at run time: it works where no BPF is. */
const shared = [/^@cryptbpf\/core\/(codecs|gate-client)$/];

export default defineConfig([
  { ...common, entry: { reader: 'src/reader.ts', command: 'src/command.ts' }, noExternal: shared },
  { ...common, entry: { cli: 'src/cli.ts' }, format: 'esm', dts: false, noExternal: shared },
  {
    ...common,
    entry: { index: 'src/index.ts' },
    noExternal: shared,
    shims: true,
    onSuccess: async () => copyFileSync('src/logger.bpf.o', 'dist/logger.bpf.o'),
  },
]);
