import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/*
 * Tests attach programs, mount bpffs and measure rates on one kernel: files run one after another.
 */
export default defineConfig({
  resolve: {
    alias: { '@cryptbpf/core': fileURLToPath(new URL('packages/core/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
