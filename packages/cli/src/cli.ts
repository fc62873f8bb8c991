import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAttachCommands } from './commands/attach.js';
import { addClientCommands } from './commands/client/client.js';
import { addDoctorCommand } from './commands/doctor/doctor.js';
import { addExplainCommand } from './commands/explain/explain.js';
import { addGateCommands } from './commands/gates.js';
import { addKeygenCommand } from './commands/keygen.js';
import { addListCommands } from './commands/lists.js';
import { addLogCommand, addLoggerCommand } from './commands/logger.js';
import { addStandingCommands } from './commands/standing.js';
import { addTunnelCommand } from './commands/tunnel.js';
import { addUpdateCommand } from './commands/update.js';
import { codeOf, Exit, exitOf } from './failure.js';
import { printJson } from './print.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const program = new Command('cryptbpf')
  .description('Cryptography at the packet hook of this machine.')
  .version(version)
  .showSuggestionAfterError()
  .enablePositionalOptions()
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit status: 0 done, 1 it failed, 2 wrong usage or configuration, 3 not possible on this machine.',
  );
addAttachCommands(program);
addTunnelCommand(program);
addLoggerCommand(program);
addLogCommand(program);
addStandingCommands(program);
addGateCommands(program);
addUpdateCommand(program);
addListCommands(program);
addKeygenCommand(program);
addClientCommands(program);
addExplainCommand(program);
addDoctorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode && Exit.USAGE : exitOf(error);
  if (!(error instanceof CommanderError)) tell(error as Error);
}

function tell(error: Error): void {
  const isJson = process.argv.includes('--json');
  if (isJson) printJson({ error: error.message, ...(codeOf(error) && { code: codeOf(error) }) });
  else console.error(`cryptbpf: ${error.message}`);
}
