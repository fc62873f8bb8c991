import { basename } from 'node:path';
import type { TunnelConfig, TunnelOptions } from '@cryptbpf/tunnel';
import type { Command } from 'commander';
import { Config, textOf } from '../config.js';
import { Exit, Failure } from '../failure.js';
import { collect, given } from '../flags.js';
import { installed } from '../packages.js';
import { runUntilStopped } from '../run.js';
import { tunnel as shape } from '../shapes/features.js';

interface TunnelFlags {
  config: string;
  name?: string;
  interface?: string[];
  device?: string[];
  early?: string[];
  inline?: string;
  pin?: boolean;
  pinPath?: string;
  json?: boolean;
  metrics?: string;
}

const loadTunnel = () => installed('tunnel', () => import('@cryptbpf/tunnel'));

export function addTunnelCommand(program: Command): void {
  program
    .command('tunnel')
    .alias('encrypted-tunnel')
    .summary('an encrypted tunnel to other hosts')
    .description(
      'Bring up an encrypted tunnel (@cryptbpf/tunnel, TC, Linux 6.1; suite aes-256-gcm 6.10). It goes when this command ' +
        'ends; with --pin or --inline it stays until "cryptbpf detach tunnel": then nothing passes without its controller.',
    )
    .requiredOption(
      '-c, --config <file>',
      'wg-quick format (*.conf), or YAML or JSON: the options of the package',
    )
    .option('--name <name>', 'of the device (default: the name of the file)')
    .option(
      '-i, --interface <name>',
      'where packets of peers come in (default: all); may be given several times',
      collect,
    )
    .option('-d, --device <name>', 'the same', collect)
    .option(
      '--early <interface>',
      'at XDP there, drop what cannot be of this tunnel before the stack sees it; may be given several times',
      collect,
    )
    .option('--inline <interface>', 'seal all that goes to allowed IPs there, whatever the routes say')
    .option('--pin', 'it outlives this command')
    .option('--pin-path <directory>', 'where, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--metrics <place>', 'serve metrics for Prometheus at [address:]port, such as :9464')
    .option('--json', 'one line of JSON when it is up, and one with its counters when it ends')
    .action(tunnel);
}

async function tunnel(flags: TunnelFlags): Promise<void> {
  const { Tunnel, parseConfig } = await loadTunnel();
  const isIni = flags.config.endsWith('.conf');
  const config = isIni ? undefined : Config.read(flags.config, shape);
  const read = config?.options ?? readIni(flags.config, parseConfig);
  const name = basename(flags.config).replace(/\.\w+$/, '');
  const options: TunnelOptions = { name, address: [], ...read, ...optionsFrom(flags) };
  await runUntilStopped(
    () =>
      Tunnel.up(options).catch((error) => {
        throw config?.locate(error) ?? error;
      }),
    (up) => ({
      feature: 'tunnel',
      on: { device: options.name, ...inlineOf(options), port: up.listenPort },
      stands: options.pin === true || options.inline !== undefined,
      json: flags.json,
      metrics: flags.metrics,
    }),
  );
}

const inlineOf = ({ inline }: TunnelOptions) => (inline === undefined ? {} : { inline });

function readIni(path: string, parse: (text: string) => TunnelConfig): TunnelConfig {
  try {
    return parse(textOf(path));
  } catch (error) {
    const [, line, message] = /^line (\d+): (.*)/s.exec((error as Error).message) ?? [];
    if (line === undefined) throw error;
    throw new Failure(Exit.USAGE, `${path}:${line}: ${message}`, { cause: error });
  }
}

function optionsFrom({ interface: interfaces = [], device = [], ...flags }: TunnelFlags) {
  const underlay = [...interfaces, ...device];
  const { name, early, inline, pin, pinPath } = flags;
  return given({ name, underlay: underlay.length > 0 ? underlay : undefined, early, inline, pin, pinPath });
}

/** Takes down what a controller left that is gone. */
export async function takeDownTunnel(name: string, pinPath: string): Promise<void> {
  const { Tunnel } = await loadTunnel();
  Tunnel.takeDown({ name, pinPath });
}
