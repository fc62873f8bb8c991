import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { codeOf, Exit, exitOf } from './failure.js';
import { printJson } from './print.js';
import { makeProgram } from './program.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

try {
  await makeProgram(version).parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode && Exit.USAGE : exitOf(error);
  if (!(error instanceof CommanderError)) tell(error as Error);
}

function tell(error: Error): void {
  const isJson = process.argv.includes('--json');
  if (isJson) printJson({ error: error.message, ...(codeOf(error) && { code: codeOf(error) }) });
  else console.error(`cryptbpf: ${error.message}`);
}
