import { createHash, randomBytes } from 'node:crypto';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { KernelCrypto } from '../kernel-crypto.js';
import { agrees, type ComparedCase, type Comparison, type ComparisonOptions } from './comparison.js';
import { timeCalls, timeRuns } from './time.js';

const LONGEST = 1500;
const TIMED_BYTES = 256;
const TIMED_RUNS = 2000;

const HASHES = {
  sha256: { noble: sha256, title: 'SHA-256' },
  sha384: { noble: sha384, title: 'SHA-384' },
  sha512: { noble: sha512, title: 'SHA-512' },
} as const;

type HashName = keyof typeof HASHES;

const NAMES = Object.keys(HASHES) as HashName[];
const TEXTS = [
  '',
  'abc',
  'Hello, BPF world!',
  'The quick brown fox jumps over the lazy dog',
  'a'.repeat(1000),
];

export async function compareHashes(
  kernel: KernelCrypto,
  { random: count = 1000 }: ComparisonOptions = {},
): Promise<Comparison> {
  const cases = TEXTS.flatMap((text) => NAMES.map((name) => compareOne(kernel, name, Buffer.from(text))));
  const random = Array.from({ length: count }, (_, i) =>
    compareOne(kernel, NAMES[i % NAMES.length]!, randomBytes((i * 7) % LONGEST)),
  );
  return {
    name: 'hash-comparison',
    cases,
    random: { count, agreeing: random.filter(agrees).length },
    speeds: { operation: `SHA-256 of ${TIMED_BYTES} bytes`, of: speeds(kernel) },
  };
}

function compareOne(kernel: KernelCrypto, name: HashName, message: Uint8Array): ComparedCase {
  const { noble, title } = HASHES[name];
  return {
    title,
    input: `Message: ${quoted(message)}`,
    answers: [
      { by: 'node:crypto', says: createHash(name).update(message).digest('hex') },
      { by: '@noble', says: hex(noble(message)) },
      { by: 'BPF', says: hex(kernel.hashes[name](message)) },
    ],
  };
}

function speeds(kernel: KernelCrypto) {
  const message = randomBytes(TIMED_BYTES);
  return [
    timeCalls('node:crypto', () => createHash('sha256').update(message).digest()),
    timeCalls('@noble', () => sha256(message)),
    timeRuns('BPF', () => timeInKernel(kernel, message)),
  ];
}

/** Once, and then the same again and again. */
function timeInKernel({ hashes }: KernelCrypto, message: Uint8Array): number {
  hashes.sha256(message);
  const program = hashes.object.programs.hash_memory;
  return program.testRun({ data: new Uint8Array(64), repeat: TIMED_RUNS }).durationNs;
}

function quoted(message: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(message).toString('utf8'));
  return text.length <= 60 ? text : `${text.slice(0, 40)}…" (${message.length} bytes)`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
