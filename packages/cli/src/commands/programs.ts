import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Argument, type Command } from 'commander';
import { Exit, Failure } from '../failure.js';
import { featureNamed, namesOf } from '../standing.js';

const COMPARISONS = ['ecdsa-verification', 'hash-comparison'];
const compare = fileURLToPath(new URL('./packages/primitives/dist/compare.js', import.meta.url));
const demo = fileURLToPath(new URL('./examples/demo/demo.mjs', import.meta.url));

/** What comes with the command, and runs as a program of its own. */
export function addProgramCommands(program: Command): void {
  program
    .command('verify')
    .description(
      'Do BPF in this kernel, node:crypto and noble agree, and how fast is each? Exit status 1: they do not.',
    )
    .addArgument(new Argument('[comparison...]', 'default: both').choices(COMPARISONS))
    .option('--json', 'print JSON')
    .action((names: string[], { json }: { json?: boolean }) =>
      runAsRoot(compare, [...names, ...(json ? ['--json'] : [])]),
    );
  for (const name of COMPARISONS) {
    program
      .command(name)
      .description(`The same as cryptbpf verify ${name}.`)
      .option('--json', 'print JSON')
      .action(({ json }: { json?: boolean }) => runAsRoot(compare, [name, ...(json ? ['--json'] : [])]));
  }
  program
    .command('demo')
    .description(
      'Half a minute of real traffic in networks of its own, with and without a feature. Exit status 1: it did not hold.',
    )
    .addArgument(new Argument('<feature>', 'which').choices(namesOf()))
    .argument('[args...]', 'for the demonstration')
    .option('--json', 'print what was promised, and whether it was kept, as JSON at the end')
    .passThroughOptions()
    .allowUnknownOption()
    .action((feature: string, args: string[], { json }: { json?: boolean }) => {
      const name = featureNamed(feature);
      requireInstalled(name);
      return runAsRoot(demo, [name, ...args, ...(json ? ['--json'] : [])]);
    });
}

async function runAsRoot(path: string, args: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) throw new Failure(Exit.UNABLE, 'this loads BPF programs: run it as root');
  const child = spawn(process.execPath, [path, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  process.exitCode = code ?? Exit.FAILED;
}

function requireInstalled(name: string): void {
  try {
    import.meta.resolve(`@cryptbpf/${name}`);
  } catch (cause) {
    const message = `@cryptbpf/${name} is not installed: npm install @cryptbpf/${name}`;
    throw new Failure(Exit.UNABLE, message, { cause });
  }
}
