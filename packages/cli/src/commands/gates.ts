import type { AdmittedSource, GateEventRecord } from '@cryptbpf/core';
import { Argument, type Command } from 'commander';
import { Exit, Failure } from '../failure.js';
import { GATES } from '../features.js';
import { core } from '../packages.js';
import { printJson, printTable } from '../print.js';
import { addStandingOptions, namesOf, type StandingFlags, standingOf } from '../standing.js';

/** Gates that stand, by their pins alone: no options are needed, and a controller may run or not. */
export function addGateCommands(program: Command): void {
  gate(
    program.command('admitted').description('Who may reach the protected ports, and for how long.'),
  ).action(admitted);
  gate(program.command('revoke').description('End the admission of a source; it may prove anew.'))
    .argument('<source>', 'an address, as "cryptbpf admitted" lists it; one of IPv6 stands for its /64')
    .action(revoke);
  gate(program.command('events').description('Admissions and drops, as they happen, until Ctrl-C.'))
    .option('--count <events>', 'end after so many', Number)
    .action(events);
}

function gate(command: Command): Command {
  command.addArgument(
    new Argument('<feature>', 'which').choices(namesOf((name) => GATES.some((gate) => gate.name === name))),
  );
  return addStandingOptions(command).option('--name <name>', 'which one, if there are several');
}

async function admitted(feature: string, flags: StandingFlags): Promise<void> {
  const { admittedBy } = await core();
  const sources = admittedBy(await standingOf(feature, flags));
  if (flags.json) printJson(sources);
  else if (sources.length === 0) console.log('Nobody is admitted.');
  else printTable([['source', 'seconds left', 'by', 'bits'], ...sources.map(rowOf)]);
}

const rowOf = ({ source, expiresIn, origin, difficulty }: AdmittedSource) => [
  source,
  expiresIn.toFixed(0),
  origin,
  `${difficulty}`,
];

async function revoke(feature: string, source: string, flags: StandingFlags): Promise<void> {
  const { revokeFrom } = await core();
  if (!revokeFrom(await standingOf(feature, flags), source))
    throw new Failure(Exit.FAILED, `${source} is not admitted: see cryptbpf admitted ${feature}`);
  if (flags.json) printJson({ feature, source, state: 'revoked' });
  else console.log(`${source} is not admitted any more`);
}

async function events(feature: string, flags: StandingFlags & { count?: number }): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());
  const { eventsOf } = await core();
  const standing = await standingOf(feature, flags);
  let left = flags.count ?? Number.POSITIVE_INFINITY;
  for await (const event of eventsOf(standing, { signal: stopping.signal })) {
    if (flags.json) printJson(event);
    else console.log(lineOf(event));
    if (--left <= 0) break;
  }
}

function lineOf({ type, reason, source, port, protocol, lifetime }: GateEventRecord): string {
  const forHow = type === 'admitted' ? `for ${lifetime} s` : '';
  return `${type} ${source} at ${port}/${protocol} ${reason} ${forHow}`.trimEnd();
}
