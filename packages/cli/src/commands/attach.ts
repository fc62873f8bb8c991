import type { Command } from 'commander';
import { Config } from '../config.js';
import { Exit, Failure } from '../failure.js';
import { FEATURES, type FeatureEntry, load } from '../features.js';
import { collect } from '../flags.js';
import { given, runUntilStopped } from '../run.js';

interface AttachFlags {
  interface?: string[];
  device?: string[];
  ports?: unknown[];
  config?: string;
  name?: string;
  mode?: string;
  pinPath?: string;
  pin?: boolean;
  monitor?: boolean;
  powDifficulty?: { min: number; max: number };
  json?: boolean;
}

export function addAttachCommands(program: Command): void {
  for (const feature of FEATURES) addAttachCommand(program, feature);
}

function addAttachCommand(program: Command, feature: FeatureEntry): void {
  const command = program
    .command(feature.name)
    .summary(feature.about)
    .description(
      `Attach ${feature.about} (@cryptbpf/${feature.name}, ${feature.hook}, Linux ${feature.since}). It stays until this command ` +
        'ends; with --pin until "cryptbpf detach", whether or not a controller runs.',
    )
    .option('-i, --interface <name>', 'where packets come in; may be given several times', collect)
    .option('--device <name>', 'the same', collect)
    .option('-p, --ports <list>', 'protected ports, such as 443,53/udp', portsFrom)
    .option('-c, --config <file>', 'YAML or JSON: the options of the package by their names')
    .option('--name <name>', 'what it is called among others of its kind (default: the first interface)')
    .option('--mode <mode>', 'XDP mode: auto, native or generic')
    .option('--pin', 'it outlives this command')
    .option('--pin-path <directory>', 'where, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--json', 'one line of JSON when it is up, and one with its counters when it ends');
  if (feature.alias) command.alias(feature.alias);
  if (feature.name !== 'cas' && feature.name !== 'offload')
    command.option('--monitor', 'count, but let everything pass');
  if (feature.name === 'pow')
    command.option('--pow-difficulty <bits>', 'leading zero bits, such as 18 or 16-22', difficultyFrom);
  command.action((flags: AttachFlags) => attach(feature, flags));
}

async function attach(feature: FeatureEntry, flags: AttachFlags): Promise<void> {
  const config = flags.config === undefined ? undefined : Config.read(flags.config);
  const options: Record<string, unknown> = { pin: false, ...config?.options, ...optionsFrom(flags) };
  if (options.interface === undefined)
    throw new Failure(Exit.USAGE, 'no interface: name one with --interface, see ip link');
  const attachTo = await load(feature);
  await runUntilStopped(
    () =>
      attachTo(options).catch((error) => {
        throw config?.locate(error) ?? error;
      }),
    () => ({
      feature: feature.name,
      on: { interfaces: [options.interface].flat() },
      stands: options.pin === true,
      json: flags.json,
    }),
  );
}

/** What the command line says, under the packages' names. */
function optionsFrom(flags: AttachFlags): Record<string, unknown> {
  const interfaces = [...(flags.interface ?? []), ...(flags.device ?? [])];
  return given({
    interface: interfaces.length > 0 ? interfaces : undefined,
    ports: flags.ports,
    name: flags.name,
    mode: flags.mode,
    pinPath: flags.pinPath,
    monitor: flags.monitor,
    difficulty: flags.powDifficulty,
    pin: flags.pin,
  });
}

function portsFrom(list: string): unknown[] {
  return list.split(',').map((entry) => {
    const [, port, protocol] = /^(\d+)(?:\/(tcp|udp))?$/.exec(entry.trim()) ?? [];
    if (port === undefined)
      throw new Failure(Exit.USAGE, `--ports has "${entry}", expected ports such as 443 or 53/udp`);
    return protocol === undefined ? Number(port) : { port: Number(port), protocol };
  });
}

function difficultyFrom(bits: string): { min: number; max: number } {
  const [, min, max = min] = /^(\d+)(?:-(\d+))?$/.exec(bits) ?? [];
  if (min === undefined)
    throw new Failure(Exit.USAGE, `--pow-difficulty is "${bits}", expected bits such as 18 or 16-22`);
  return { min: Number(min), max: Number(max) };
}
