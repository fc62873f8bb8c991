import { Command } from 'commander';
import { addAttachCommands } from './commands/attach.js';
import { addBenchCommand } from './commands/bench.js';
import { addCertificateCommands } from './commands/certificates.js';
import { addClientCommands } from './commands/client/client.js';
import { addCompletionCommands } from './commands/completion.js';
import { addDoctorCommand } from './commands/doctor/doctor.js';
import { addExplainCommand } from './commands/explain/explain.js';
import { addGateCommands } from './commands/gates.js';
import { addKeygenCommand } from './commands/keygen.js';
import { addListCommands } from './commands/lists.js';
import { addLogCommand, addLoggerCommand } from './commands/logger.js';
import { addProgramCommands } from './commands/programs.js';
import { addStandingCommands } from './commands/standing.js';
import { addTopCommand } from './commands/top.js';
import { addTrafficCommand } from './commands/traffic.js';
import { addTunnelCommand } from './commands/tunnel.js';
import { addUpdateCommand } from './commands/update.js';

/** The whole command line; what goes wrong in it is thrown. */
export function makeProgram(version: string): Command {
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
  program.commandsGroup('Attach:');
  addAttachCommands(program);
  addTunnelCommand(program);
  addLoggerCommand(program);
  program.commandsGroup('What stands:');
  addStandingCommands(program);
  addTopCommand(program);
  addGateCommands(program);
  addUpdateCommand(program);
  addListCommands(program);
  addCertificateCommands(program);
  program.commandsGroup('Peers and keys:');
  addKeygenCommand(program);
  addClientCommands(program);
  addLogCommand(program);
  program.commandsGroup('Find out:');
  addDoctorCommand(program);
  addExplainCommand(program);
  addProgramCommands(program);
  addTrafficCommand(program);
  addBenchCommand(program);
  addCompletionCommands(program);
  return program;
}
