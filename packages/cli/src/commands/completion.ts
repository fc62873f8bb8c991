import { Argument, type Command } from 'commander';
import { candidates } from '../completion/candidates.js';
import { SCRIPTS } from '../completion/scripts.js';
import { printJson } from '../print.js';
import { jsonSchema } from '../shapes/features.js';

export function addCompletionCommands(program: Command): void {
  program
    .command('completion')
    .description('A script that lets a shell complete this command: source <(cryptbpf completion bash)')
    .addArgument(new Argument('<shell>', 'which').choices(Object.keys(SCRIPTS)))
    .option('--json', 'print JSON')
    .action((shell: string, { json }: { json?: boolean }) =>
      json ? printJson({ shell, script: SCRIPTS[shell] }) : console.log(SCRIPTS[shell]),
    );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .helpOption(false)
    .passThroughOptions()
    .allowUnknownOption()
    .action((words: string[]) => console.log(candidates(program, words).join('\n')));
  program
    .command('schema')
    .description('The JSON schema of configurations, for editors: also cryptbpf/schema.json.')
    .option('--json', 'it is JSON anyway')
    .action(() => console.log(JSON.stringify(jsonSchema(), null, 2)));
}
