import { expect, test } from 'vitest';
import { AeadBench } from '../src/aead-bench.js';

test('every program of the benchmark does its work, and takes time for it', () => {
  using bench = AeadBench.prepare();
  expect(bench.names).toHaveLength(11);
  for (const name of bench.names) expect(bench.run(name, 10), name).toBeGreaterThan(0);
  expect(() => bench.run('chacha/seal', 1)).toThrow(
    'aead-bench: no chacha/seal, there are chacha/seal-1400,',
  );
});
