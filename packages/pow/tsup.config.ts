import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', client: 'src/client.ts', udp: 'src/udp.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: true,
  shims: true,
  clean: true,
  splitting: true,
  onSuccess: 'cp ../../build/bpf/pow.bpf.o dist/',
});
