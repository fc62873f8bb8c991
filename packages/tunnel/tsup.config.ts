import { copyFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', noise: 'src/noise.ts' },
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: true,
  shims: true,
  onSuccess: async () => {
    for (const object of ['tunnel_aes.bpf.o', 'tunnel_early.bpf.o', 'tunnel_wireguard.bpf.o']) {
      copyFileSync(`src/datapath/${object}`, `dist/${object}`);
    }
  },
});
