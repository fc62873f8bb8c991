import {
  findStanding,
  listStanding,
  type Standing,
  type StandingFeature,
  statsOf,
  takeDown,
} from '@cryptbpf/core';
import { Argument, type Command } from 'commander';
import { FEATURES, OTHERS } from '../features.js';
import { printJson, printTable } from '../print.js';
import { endLog } from './logger.js';
import { takeDownTunnel } from './tunnel.js';

interface Flags {
  name?: string;
  pinPath?: string;
  json?: boolean;
  config?: string;
}

/** What stands pinned, whoever attached it. */
export function addStandingCommands(program: Command): void {
  shared(program.command('status').description('List what is pinned, and where.')).action(status);
  named(program.command('stats').description('Packets and bytes by reason, since it was made.')).action(
    stats,
  );
  named(program.command('detach').description('Take it down: off its interfaces, and its memory with it.'))
    .option('-c, --config <file>', 'of logger: the file with the options that it was attached with')
    .action(detach);
}

function shared(command: Command): Command {
  return command
    .option('--pin-path <directory>', 'where it is pinned, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--json', 'print JSON');
}

function named(command: Command): Command {
  const names = [...FEATURES, ...OTHERS].flatMap(({ name, alias }) => (alias ? [name, alias] : [name]));
  command.addArgument(new Argument('<feature>', 'which').choices(names));
  return shared(command.option('--name <name>', 'which one, if there are several'));
}

function status(flags: Flags): void {
  const all = listStanding(pinOptions(flags));
  if (flags.json) printJson(all);
  else if (all.length === 0) console.log('Nothing is pinned.');
  else
    printTable([
      ['feature', 'name', 'interfaces'],
      ...all.map((one) => [one.feature, one.name, interfacesOf(one)]),
    ]);
}

function stats(feature: string, flags: Flags): void {
  const counts = Object.entries(statsOf(find(feature, flags)))
    .filter(([, { packets }]) => packets > 0n)
    .sort(([, a], [, b]) => Number(b.packets - a.packets));
  if (flags.json) printJson(Object.fromEntries(counts));
  else
    printTable([
      ['reason', 'packets', 'bytes'],
      ...counts.map(([reason, { packets, bytes }]) => [reason, `${packets}`, `${bytes}`]),
    ]);
}

async function detach(feature: string, flags: Flags): Promise<void> {
  const standing = find(feature, flags);
  const { name, pinPath } = standing;
  if (standing.feature === 'tunnel') await takeDownTunnel(name, pinPath);
  else if (standing.feature === 'logger') await endLog(flags.config, name, pinPath);
  else takeDown(standing);
  if (flags.json) printJson({ ...standing, state: 'detached' });
  else console.log(`${standing.feature} ${standing.name} is detached`);
}

function find(feature: string, flags: Flags): Standing {
  const { name } = [...FEATURES, ...OTHERS].find(
    (entry) => entry.name === feature || entry.alias === feature,
  )!;
  return findStanding(name as StandingFeature, {
    ...pinOptions(flags),
    ...(flags.name && { name: flags.name }),
  });
}

const pinOptions = ({ pinPath }: Flags) => (pinPath === undefined ? {} : { pinPath });

const interfacesOf = ({ interfaces }: Standing) =>
  interfaces.map(({ index, name }) => name ?? `#${index} (not in this network namespace)`).join(', ');
