// The kernel tests, as the guests run them: one virtual CPU, a report into the folder shared with the host.
import { defineConfig } from 'vitest/config';

const tests = process.env.CRYPTBPF_KERNEL_TESTS ?? 'packages/*/test/**/*.kernel.test.ts';

export default defineConfig({
  root: new URL('../../', import.meta.url).pathname,
  test: {
    include: tests.split(/\s+/).filter(Boolean),
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000, // emulation is 10 to 20 times slower
    hookTimeout: 60_000,
    reporters: [['verbose', { summary: false }], 'json'],
    outputFile: { json: '/run/host/report.json' },
  },
});
