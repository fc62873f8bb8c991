import type { Command } from 'commander';
import { Config } from './config.js';
import { Exit, Failure } from './failure.js';
import type { FeatureEntry } from './features.js';
import { collect, given, wholeFrom } from './flags.js';
import { SHAPES } from './shapes/features.js';

/* Options of features that attach to interfaces, from the command line and from a file; the command line comes first. */

export interface FeatureFlags {
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
  allow?: string[];
  enforceAllowlist?: boolean;
  adaptiveMode?: boolean;
  hwAvailable?: boolean;
  preferBpfForHash?: boolean;
  smallThreshold?: number;
  largeThreshold?: number;
}

export interface FeatureOptions {
  readonly options: Record<string, unknown>;
  /** An error of the package, with its place in the file. */
  readonly locate: (error: unknown) => unknown;
}

export function addFeatureOptions(command: Command, { name }: FeatureEntry): Command {
  command
    .option('-i, --interface <name>', 'where packets come in; may be given several times', collect)
    .option('-d, --device <name>', 'the same', collect)
    .option('-p, --ports <list>', 'protected ports, such as 443,53/udp', portsFrom)
    .option('-c, --config <file>', 'YAML or JSON: the options of the package by their names')
    .option('--name <name>', 'what it is called among others of its kind (default: the first interface)')
    .option('--mode <mode>', 'XDP mode: auto, native or generic')
    .option('--pin-path <directory>', 'where it is pinned, in bpffs (default: /sys/fs/bpf/cryptbpf)');
  if (name !== 'cas' && name !== 'offload') command.option('--monitor', 'count, but let everything pass');
  if (name === 'pow')
    command.option('--pow-difficulty <bits>', 'leading zero bits, such as 18 or 16-22', difficultyFrom);
  if (name === 'cas') addListOptions(command);
  if (name === 'offload') addRouteOptions(command);
  return command;
}

function addListOptions(command: Command): void {
  command
    .option('--allow <cid>', 'only these ids pass; may be given several times', collect)
    .option('-a, --enforce-allowlist', 'only ids that are allowed pass, also where none is');
}

/** The names are those of the original's. */
function addRouteOptions(command: Command): void {
  command
    .option('--adaptive-mode', 'learn which route is fastest (the default)')
    .option('--no-adaptive-mode', 'small data in BPF, large elsewhere, by the bounds below')
    .option('--small-threshold <bytes>', 'hashes of up to so many are small (default: 512)', wholeFrom)
    .option('--large-threshold <bytes>', 'hashes of more are large (default: 4096)', wholeFrom)
    .option('--prefer-bpf-for-hash', 'small hashes in BPF (the default)')
    .option('--no-prefer-bpf-for-hash', 'small hashes in user space, too')
    .option('--hw-available', "a hardware route: the CPU's own AES and SHA instructions")
    .option('--no-hw-available', 'no hardware route, whatever the file says (the default)');
}

/** Throws Failure. */
export function resolveOptions({ name }: FeatureEntry, flags: FeatureFlags): FeatureOptions {
  const config = Config.read(flags.config, SHAPES[name]!);
  const options: Record<string, unknown> = { ...config.options, ...optionsFrom(flags) };
  if (flags.adaptiveMode !== undefined) delete options.policy; // of the file
  if (flags.enforceAllowlist) options.allow = [options.allow ?? []].flat().filter((id) => id !== 'any');
  if (options.interface === undefined)
    throw new Failure(Exit.USAGE, 'no interface: name one with --interface, see ip link');
  return { options, locate: (error) => config.locate(error) };
}

/** What the command line says, under the packages' names. */
function optionsFrom(flags: FeatureFlags): Record<string, unknown> {
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
    allow: flags.allow,
    observeLists: flags.enforceAllowlist ? false : undefined,
    adaptiveMode: flags.adaptiveMode,
    smallThreshold: flags.smallThreshold,
    largeThreshold: flags.largeThreshold,
    preferBpfForHash: flags.preferBpfForHash,
    hwAvailable: flags.hwAvailable,
    hardware: flags.hwAvailable ? 'cpu' : undefined,
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
