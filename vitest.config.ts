import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/*
 * Tests attach programs, mount bpffs and measure rates on one kernel: files run one after another.
 */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@cryptbpf\/core$/, replacement: source('packages/core/src/index.ts') },
      { find: /^@cryptbpf\/core\/([\w-]+)$/, replacement: source('packages/core/src/$1.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    /* Much more than they take on a machine that is idle: a busy one must not fail them. */
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
