import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));
export const coreObject = new URL('../../../build/bpf/core_test.bpf.o', import.meta.url);

const INCLUDE = `-I/usr/include/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]}-linux-gnu`;
const HEAD = `
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
`;

/** An object from the text of a C file, given the usual includes. */
export function compile(source: string, flags: readonly string[] = ['-g', '-target', 'bpf']): Uint8Array {
  return compileWhole(HEAD + source, flags);
}

export function compileWhole(
  source: string,
  flags: readonly string[] = ['-g', '-target', 'bpf'],
): Uint8Array {
  return inTemporaryDirectory((directory) => {
    writeFileSync(join(directory, 'x.c'), source);
    const clang = process.env.CLANG ?? 'clang-19';
    const args = ['-O2', '-mcpu=v3', INCLUDE, ...flags, '-c', 'x.c', '-o', 'x.o'];
    execFileSync(clang, args, { cwd: directory });
    return readFileSync(join(directory, 'x.o'));
  });
}

export function inTemporaryDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-core-'));
  try {
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Random, and the same in each run: mulberry32. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
