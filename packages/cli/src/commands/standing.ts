import type { Standing } from '@cryptbpf/core';
import { Argument, type Command } from 'commander';
import { core, installed } from '../packages.js';
import { printJson, printTable } from '../print.js';
import { addStandingOptions, namesOf, pinOptions, type StandingFlags, standingOf } from '../standing.js';
import { endLog } from './logger.js';
import { takeDownTunnel } from './tunnel.js';

/** What stands pinned, whoever attached it. */
export function addStandingCommands(program: Command): void {
  addStandingOptions(program.command('status').description('List what is pinned, and where.')).action(status);
  named(
    program
      .command('stats')
      .description('Packets and bytes by reason, since it was made; of a log, records sealed and lost.'),
  ).action(stats);
  named(program.command('detach').description('Take it down: off its interfaces, and its memory with it.'))
    .option('-c, --config <file>', 'of logger: the file with the options that it was attached with')
    .action(detach);
}

function named(command: Command): Command {
  command.addArgument(new Argument('<feature>', 'which').choices(namesOf()));
  return addStandingOptions(command).option('--name <name>', 'which one, if there are several');
}

async function status(flags: StandingFlags): Promise<void> {
  const { listStanding, networkNamespace } = await core();
  const all = listStanding(pinOptions(flags));
  const own = networkNamespace();
  if (flags.json) printJson(all);
  else if (all.length === 0) console.log('Nothing is pinned.');
  else
    printTable([
      ['feature', 'name', 'interfaces'],
      ...all.map((one) => [one.feature, one.name, interfacesOf(one, own)]),
    ]);
}

async function stats(feature: string, flags: StandingFlags): Promise<void> {
  const standing = await standingOf(feature, flags);
  if (standing.feature === 'logger') await tellLog(standing, flags);
  else await tellPackets(standing, flags);
}

async function tellLog(standing: Standing, { json }: StandingFlags): Promise<void> {
  const { standingStats } = await installed('logger', () => import('@cryptbpf/logger'));
  const { sealed, lost } = standingStats(standing);
  if (json) printJson({ sealed, lost });
  else
    printTable([
      ['events', 'records'],
      ['sealed', `${sealed.records}`],
      ...Object.entries(lost).map(([cause, count]) => [`lost: ${cause}`, `${count}`]),
    ]);
}

async function tellPackets(standing: Standing, flags: StandingFlags): Promise<void> {
  const { statsOf } = await core();
  const counts = Object.entries(statsOf(standing))
    .filter(([, { packets }]) => packets > 0n)
    .sort(([, a], [, b]) => Number(b.packets - a.packets));
  if (flags.json) printJson(Object.fromEntries(counts));
  else
    printTable([
      ['reason', 'packets', 'bytes'],
      ...counts.map(([reason, { packets, bytes }]) => [reason, `${packets}`, `${bytes}`]),
    ]);
}

async function detach(feature: string, flags: StandingFlags & { config?: string }): Promise<void> {
  const { takeDown } = await core();
  const standing = await standingOf(feature, flags);
  const { name, pinPath } = standing;
  if (standing.feature === 'tunnel') await takeDownTunnel(name, pinPath);
  else if (standing.feature === 'logger') await endLog(flags.config, name, pinPath);
  else takeDown(standing);
  if (flags.json) printJson({ ...standing, state: 'detached' });
  else console.log(`${standing.feature} ${standing.name} is detached`);
}

const interfacesOf = ({ interfaces }: Standing, own: number) =>
  interfaces
    .map(({ index, name, namespace }) => {
      const where = namespace === own ? 'gone' : 'in another network namespace';
      return name ?? `#${index} (${where})`;
    })
    .join(', ');
