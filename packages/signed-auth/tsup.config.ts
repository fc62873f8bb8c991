import { defineConfig, type Options } from 'tsup';

const common: Options = { format: ['esm', 'cjs'], target: 'es2022', dts: true };

/** What all gates' clients share becomes part of this package: at run time the client needs nothing of core's. */
const shared = [/^@cryptbpf\/core\/gate-(client|udp)$/];

export default defineConfig([
  { ...common, entry: { client: 'src/client.ts', udp: 'src/udp.ts' }, splitting: true, noExternal: shared },
]);
