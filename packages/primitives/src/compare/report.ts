import { type Answer, agrees, type ComparedCase, type Comparison, isUnanimous } from './comparison.js';

const ERRNO_NAMES: Readonly<Record<number, string>> = { 2: 'ENOENT', 129: 'EKEYREJECTED' };

/** Digests are not said once more. */
const LONGEST_REPEATED = 10;

export function formatComparison(comparison: Comparison): string {
  const { name, cases, random, speeds } = comparison;
  return [
    `=== ${name} ===`,
    ...cases.flatMap((compared) => ['', ...formatCase(compared)]),
    '',
    `${random.agreeing} of ${random.count} random inputs: all agree`,
    '',
    `${speeds.operation}:`,
    ...speeds.of.map(({ by, ns }) => `  ${by.padEnd(12)} ${formatTime(ns).padStart(10)}`),
    '',
    isUnanimous(comparison) ? 'MATCH' : 'MISMATCH',
  ].join('\n');
}

function formatCase(compared: ComparedCase): string[] {
  const { title, input, answers } = compared;
  return [
    `--- ${title} ---`,
    `  ${input}`,
    ...answers.map((answer) => `  ${answer.by.padEnd(12)} ${answer.says}${formatCode(answer)}`),
    `  ${verdict(compared)}`,
  ];
}

function formatCode({ code }: Answer): string {
  if (code === undefined) return '';
  return ` (code: ${[code, ERRNO_NAMES[-code]].filter((part) => part !== undefined).join(' ')})`;
}

function verdict(compared: ComparedCase): string {
  if (!agrees(compared)) return `MISMATCH${compared.expected ? ` (expected: ${compared.expected})` : ''}`;
  const says = compared.answers[0]?.says ?? '';
  return says.length <= LONGEST_REPEATED ? `MATCH (all agree: ${says})` : 'MATCH';
}

function formatTime(ns: number): string {
  return ns < 10_000 ? `${ns.toFixed(0)} ns` : `${(ns / 1000).toFixed(1)} µs`;
}
