import { parseArgs } from 'node:util';
import { kernelCrypto } from '../kernel-crypto.js';
import { type Comparison, isUnanimous } from './comparison.js';
import { compareEcdsa } from './ecdsa.js';
import { compareHashes } from './hashes.js';
import { formatComparison } from './report.js';

/* The same messages through BPF in the running kernel, node:crypto and noble: do they agree, and how fast is each? */

const COMPARISONS = { 'ecdsa-verification': compareEcdsa, 'hash-comparison': compareHashes };
const NAMES = Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[];
const USAGE = `usage: npm run compare -- [${NAMES.join('|')} …] [--json]`;

function fail(message: string): never {
  console.error(`compare: ${message}`);
  process.exit(2);
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    return { json: values.json === true, names: positionals.length > 0 ? positionals : NAMES };
  } catch (error) {
    return fail(`${(error as Error).message}\n${USAGE}`);
  }
}

async function compare(names: readonly string[]): Promise<Comparison[]> {
  using kernel = kernelCrypto();
  const comparisons: Comparison[] = [];
  for (const name of names) {
    const run = COMPARISONS[name as keyof typeof COMPARISONS];
    if (!run) fail(`no comparison "${name}"\n${USAGE}`);
    comparisons.push(await run(kernel));
  }
  return comparisons;
}

const { json, names } = options();
if (process.platform !== 'linux' || process.getuid?.() !== 0)
  fail('needs Linux and root: it loads BPF programs. Run it again as root.');
const comparisons = await compare(names);
console.log(json ? JSON.stringify(comparisons, null, 2) : comparisons.map(formatComparison).join('\n\n\n'));
process.exitCode = comparisons.every(isUnanimous) ? 0 : 1;
