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

const SAMPLE =
  'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8';
const TEST =
  'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083';
const made = (tcId: number, text: string, sig: string, result: 'valid' | 'invalid'): WycheproofTest => ({
  tcId,
  comment: text,
  flags: [],
  msg: Buffer.from(text).toString('hex'),
  sig,
  result,
});

/** RFC 6979, A.2.5, P-256 with SHA-256, in the same form: where there are no other vectors. */
export const RFC_6979: WycheproofGroup = {
  publicKey: {
    uncompressed:
      '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  },
  tests: [
    made(1, 'sample', SAMPLE, 'valid'),
    made(2, 'test', TEST, 'valid'),
    made(3, 'test', SAMPLE, 'invalid'),
    made(4, 'sample', SAMPLE.slice(2), 'invalid'),
  ],
};
