import { copyFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: true,
  shims: true,
  onSuccess: async () => copyFileSync('src/datapath/tunnel_wireguard.bpf.o', 'dist/tunnel_wireguard.bpf.o'),
});
