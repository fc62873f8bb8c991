import { expect, test } from 'vitest';
import { AeadBench } from '../src/aead-bench.js';

test.each([64, 1400])(
  'every program of the benchmark does its work on %i bytes, and takes time for it',
  (bytes) => {
    using bench = AeadBench.prepare({ textBytes: bytes });
    expect(bench.names).toHaveLength(11);
    for (const name of bench.names) expect(bench.run(name, 10), name).toBeGreaterThan(0);
    expect(() => bench.run('chacha/seal', 1)).toThrow(
      `aead-bench: no chacha/seal, there are chacha/seal-${bytes},`,
    );
  },
);
