// The kernel tests, as the guests run them: on one emulated CPU, with a report in the folder shared with the host.
import base from '../../vitest.config.ts';

const tests = process.env.CRYPTBPF_KERNEL_TESTS ?? 'packages/*/test/**/*.kernel.test.ts';

export default {
  ...base,
  root: new URL('../../', import.meta.url).pathname,
  test: {
    ...base.test,
    include: tests.split(/\s+/).filter(Boolean),
    testTimeout: 300_000, // emulation is 10 to 20 times slower
    hookTimeout: 300_000,
    // Where all is emulated, what costs is starting and compiling: one process, in which modules are loaded once, and no
    // threads that only take turns with it.
    isolate: false,
    experimental: { fsModuleCache: true, fsModuleCachePath: 'build/kernels/modules' },
    execArgv: ['--single-threaded'],
    reporters: ['verbose', 'json'],
    outputFile: { json: '/run/host/report.json' },
  },
};
