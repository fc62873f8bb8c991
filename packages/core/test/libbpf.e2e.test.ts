import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inTemporaryDirectory } from './compile.js';
import { type ChildOptions, runChild } from './support/children.js';

const load = (options: ChildOptions = {}) => runChild<Record<string, unknown>>('load', options);

test('a child can load', () => {
  expect(load()).toEqual({ code: 'none' });
});

describe('libbpf', () => {
  test('that is missing is asked for, after the object was opened without it', () => {
    const result = load({ env: { CRYPTBPF_LIBBPF: '/nonexistent/libbpf.so' } });
    expect(result).toMatchObject({ name: 'BpfError', code: 'ERR_NO_LIBBPF', programs: 8 });
    expect(result.message).toMatch(/nonexistent\/libbpf.so cannot be loaded: install libbpf 1.1 or newer/);
  });

  test('that is no libbpf is no libbpf', () => {
    expect(load({ env: { CRYPTBPF_LIBBPF: 'libm.so.6' } })).toMatchObject({ code: 'ERR_NO_LIBBPF' });
  });

  test('that is too old is named with its version', () => {
    inTemporaryDirectory((directory) => {
      const source = `${directory}/old.c`;
      const library = `${directory}/libbpf.so`;
      writeFileSync(source, 'const char *libbpf_version_string(void) { return "v1.0"; }');
      execFileSync('clang-19', ['-shared', '-fPIC', '-o', library, source]);
      const result = load({ env: { CRYPTBPF_LIBBPF: library } });
      expect(result).toMatchObject({ code: 'ERR_LIBBPF_VERSION' });
      expect(result.message).toBe('libbpf is v1.0, at least v1.1 is needed');
    });
  });
});
