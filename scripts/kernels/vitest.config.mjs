// The kernel tests, as the guests run them: on one emulated CPU, with a report in the folder shared with the host.
export default {
  root: new URL('../../', import.meta.url).pathname,
  test: {
    include: [`${process.env.CRYPTBPF_KERNEL_BUNDLE}/**/*.{kernel.test,guest}.mjs`],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000, // emulation is 10 to 20 times slower
    hookTimeout: 300_000,
    // Where all is emulated, what costs is starting and compiling: one process, in which modules are loaded once, and no
    // threads that only take turns with it.
    isolate: false,
    server: { deps: { external: [/.*/] } },
    execArgv: ['--single-threaded'],
    reporters: ['verbose', 'json'],
    outputFile: { json: '/run/host/report.json' },
  },
};
