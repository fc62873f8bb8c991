import { Argument, type Command, InvalidArgumentError } from 'commander';
import { Exit, Failure } from '../failure.js';
import { printJson, printTable } from '../print.js';
import { featureNamed, namesOf } from '../standing.js';
import { runTraffic, type Traffic } from '../traffic/run.js';
import { SCENARIOS } from '../traffic/scenarios.js';

interface TrafficFlags {
  seconds: number;
  rate: number;
  interface?: string;
  json?: boolean;
}

export function addTrafficCommand(program: Command): void {
  program
    .command('traffic')
    .description(
      'Honest and hostile traffic against a feature, in networks that it makes itself: a flood from forged addresses, malformed ' +
        'messages, replays. Exit status 1: an honest peer was not served.',
    )
    .addArgument(new Argument('<feature>', 'which').choices(namesOf((name) => name in SCENARIOS)))
    .option('--seconds <seconds>', 'for how long', positive, 5)
    .option('--rate <packets>', 'of the flood, a second', positive, 100_000)
    .option('-i, --interface <name>', 'is refused: it goes through no interface but its own')
    .option('--json', 'print JSON')
    .action(traffic);
}

async function traffic(name: string, { seconds, rate, interface: on, json }: TrafficFlags): Promise<void> {
  if (on !== undefined)
    throw new Failure(
      Exit.USAGE,
      `traffic is sent in networks of its own alone, and not by ${on}: leave --interface out`,
    );
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stopping.abort());
  const result = await runTraffic(featureNamed(name), { seconds, perSecond: rate, signal: stopping.signal });
  if (json) printJson(result);
  else tell(result);
  if (result.honest.served < result.honest.tried) process.exitCode = Exit.FAILED;
}

function tell({ honest, hostile, reasons }: Traffic): void {
  console.log(`honest: ${honest.served} of ${honest.tried} served`);
  console.log(
    `hostile: ${hostile.flood} packets (${hostile.kinds.join(', ')}), ${hostile.replayed} replays\n`,
  );
  const rows = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  printTable([['reason', 'packets'], ...rows.map(([reason, packets]) => [reason, `${packets}`])]);
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 10_000_000) return value;
  throw new InvalidArgumentError('expected a number above 0.');
}
