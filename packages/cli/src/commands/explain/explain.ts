import { Argument, type Command } from 'commander';
import { printJson } from '../../print.js';
import { featureNamed, namesOf } from '../../standing.js';
import { cas } from './cas.js';
import { logger } from './logger.js';
import { offload } from './offload.js';
import { pki } from './pki.js';
import { pow } from './pow.js';
import { signedAuth } from './signed-auth.js';
import type { Explanation } from './step.js';
import { tunnel } from './tunnel.js';
import { zkp } from './zkp.js';

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  pow,
  'signed-auth': signedAuth,
  zkp,
  pki,
  cas,
  offload,
  tunnel,
  logger,
};

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description(
      'A protocol as a diagram, and what its peer does, step by step with real values. Needs no privilege.',
    )
    .addArgument(new Argument('<feature>', 'which').choices(namesOf((name) => name in EXPLANATIONS)))
    .option('--json', 'one line of JSON for each step')
    .action(explain);
}

async function explain(feature: string, { json }: { json?: boolean }): Promise<void> {
  const { diagram, steps } = EXPLANATIONS[featureNamed(feature)]!;
  if (!json) console.log(diagram);
  let number = 0;
  for await (const step of steps()) {
    if (json) {
      printJson(step);
      continue;
    }
    console.log(`${++number}. ${step.what}`);
    for (const [name, value] of Object.entries(step.values)) console.log(`     ${name}: ${value}`);
  }
}
