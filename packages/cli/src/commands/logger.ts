import type { AuditLoggerOptions, EventName } from '@cryptbpf/logger';
import type { Command } from 'commander';
import { Config, textOf } from '../config.js';
import { Exit, Failure } from '../failure.js';
import { collect, given, PIN_PATH } from '../flags.js';
import { installed } from '../packages.js';
import { runUntilStopped } from '../run.js';
import { type LoggerFile, logger as shape } from '../shapes/features.js';

interface LoggerFlags {
  recipient?: string;
  directory?: string;
  event?: string[];
  cgroup?: string[];
  name?: string;
  config?: string;
  pin?: boolean;
  pinPath?: string;
  json?: boolean;
  metrics?: string;
}

export function addLoggerCommand(program: Command): void {
  program
    .command('logger')
    .alias('encrypted-logger')
    .summary('an audit log that the kernel seals')
    .description(
      'Record what processes do, sealed in the kernel for a recipient (@cryptbpf/logger, tracepoints, Linux 6.1). It ends ' +
        'when this command ends; with --pin the kernel records on, and the next command with the same options goes on writing.',
    )
    .option('--recipient <file>', 'public key (PEM, P-256) of who may read: cryptbpf keygen logger makes one')
    .option('--directory <directory>', 'where the files go')
    .option(
      '--event <name>',
      'exec, exit, connect, accept, credentials, module, bpf (default: exec, exit); several times',
      collect,
    )
    .option(
      '--cgroup <directory>',
      'only processes in it and below, such as /sys/fs/cgroup/system.slice',
      collect,
    )
    .option('-c, --config <file>', 'YAML or JSON: the options of the package by their names')
    .option('--name <name>', 'what files and pins begin with (default: audit)')
    .option('--pin', 'it outlives this command')
    .option('--pin-path <directory>', 'where, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--metrics <place>', 'serve metrics for Prometheus at [address:]port, such as :9464')
    .option('--json', 'one line of JSON when it is up, and one with its counters when it ends')
    .action(logger);
}

/** What the package's own command does: no BPF, and no privilege. */
export function addLogCommand(program: Command): void {
  program
    .command('log')
    .description('Read a sealed log: keygen, collect, decrypt or verify, with the options of cryptbpf-log.')
    .argument(
      '[args...]',
      'decrypt --key NAME.pem FILE..., verify --key NAME.pem FILE..., keygen NAME, collect FILE',
    )
    .helpOption(false)
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (args: string[]) => {
      if (args.includes('--json'))
        throw new Failure(
          Exit.USAGE,
          'log decrypt and log verify print JSON, the others nothing: leave --json out',
        );
      const { run } = await installed('logger', () => import('@cryptbpf/logger/command'));
      process.exitCode = await run(args);
    });
}

async function logger(flags: LoggerFlags): Promise<void> {
  const config = Config.read(flags.config, shape);
  const options = loggerOptions(config.options, flags);
  const { AuditLogger } = await installed('logger', () => import('@cryptbpf/logger'));
  await runUntilStopped(
    () =>
      AuditLogger.attach(options).catch((error) => {
        throw config.locate(error);
      }),
    (up) => ({
      feature: 'logger',
      on: { directory: options.directory, log: up.logId },
      stands: options.pin !== undefined,
      json: flags.json,
      metrics: flags.metrics,
    }),
  );
}

function loggerOptions(file: LoggerFile, flags: LoggerFlags): AuditLoggerOptions {
  const { pin, pinPath = PIN_PATH, ...options } = { ...file, ...optionsFrom(flags) };
  const recipient = required('recipient', options.recipient);
  const directory = required('directory', options.directory);
  const path = pin ? { pin: `${pinPath}/logger-${options.name ?? 'audit'}` } : {};
  return { ...options, recipient, directory, ...path };
}

function required<T>(name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new Failure(Exit.USAGE, `no ${name}: name one with --${name}`);
}

function optionsFrom({ recipient, directory, event, cgroup, name, pin, pinPath }: LoggerFlags) {
  return given({
    recipient: recipient === undefined ? undefined : textOf(recipient),
    directory,
    name,
    pin,
    pinPath,
    events: event as EventName[] | undefined, // the package refuses what is none
    filters: cgroup && { cgroups: cgroup },
  });
}

/** Ends a log that stands, in order: what the kernel has sealed is written first, and so its options are needed. */
export async function endLog(configPath: string | undefined, name: string, pinPath: string): Promise<void> {
  if (configPath === undefined) {
    const message = 'the log has to be written to its end: give the file with its options, --config FILE';
    throw new Failure(Exit.USAGE, message);
  }
  const options = loggerOptions(Config.read(configPath, shape).options, { name, pin: true, pinPath });
  const { AuditLogger } = await installed('logger', () => import('@cryptbpf/logger'));
  const log = await AuditLogger.attach(options);
  await log.detach();
}
