import { existsSync, readFileSync } from 'node:fs';

/* Project Wycheproof's test vectors are not part of this repository: they are used where there are some. */

const FOLDER =
  process.env.CRYPTBPF_VECTORS ?? new URL('../../../../../shared/vectors', import.meta.url).pathname;

export interface WycheproofTest {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly [field: string]: unknown;
}

export interface WycheproofGroup {
  readonly tests: readonly WycheproofTest[];
  readonly [field: string]: unknown;
}

/** The groups of a file such as aes_gcm_test.json; undefined where it is not there. */
export function wycheproof(file: string): readonly WycheproofGroup[] | undefined {
  const path = `${FOLDER}/${file}`;
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { testGroups: WycheproofGroup[] }).testGroups;
}
