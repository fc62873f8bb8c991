import { release } from 'node:os';
import type { Command } from 'commander';
import { Exit } from '../../failure.js';
import { printJson, printTable } from '../../print.js';
import { examine } from './examine.js';
import type { Finding } from './finding.js';
import { judge, judged, type Verdict } from './judge.js';

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .alias('kernel-check')
    .description('What this machine can do, and the command that mends what it cannot.')
    .option('--json', 'print JSON')
    .action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const findings = await examine();
  const verdicts = judged.map((feature) => judge(feature, findings));
  if (json) printJson({ kernel: release(), findings, features: verdicts });
  else print(findings, verdicts);
  if (!verdicts.some(({ works }) => works)) process.exitCode = Exit.UNABLE;
}

function print(findings: readonly Finding[], verdicts: readonly Verdict[]): void {
  printTable(findings.map(({ what, state, detail }) => [state, what, detail]));
  console.log();
  printTable(verdicts.map(({ feature, verdict }) => [feature, verdict]));
  const fixes = new Set([...findings, ...verdicts].flatMap(({ fix }) => fix ?? []));
  if (fixes.size === 0) return;
  console.log('\nTo mend it:');
  for (const fix of fixes) console.log(`  ${fix}`);
}
