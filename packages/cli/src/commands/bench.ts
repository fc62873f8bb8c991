import { cpus, release } from 'node:os';
import { Argument, type Command } from 'commander';
import { BENCHES } from '../bench/loads.js';
import { bench, type Row } from '../bench/run.js';
import { Exit, Failure } from '../failure.js';
import { printJson, printTable, progressLine } from '../print.js';
import { featureNamed, namesOf } from '../standing.js';

interface BenchFlags {
  seconds: number;
  json?: boolean;
}

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description(
      'What packets cost on this machine, beside the same arithmetic in node:crypto: in networks that it makes itself, by ' +
        "the kernel's own measure of how long programs run. Meanwhile all programs of the machine take some 20 ns longer.",
    )
    .addArgument(new Argument('<feature...>', 'which').choices(namesOf((name) => name in BENCHES)))
    .option('--seconds <seconds>', 'for each kind of packet', Number, 2)
    .option('--json', 'print JSON')
    .action(run);
}

async function run(names: string[], { seconds, json }: BenchFlags): Promise<void> {
  if (!(seconds >= 0 && seconds <= 3600))
    throw new Failure(Exit.USAGE, '--seconds is expected to be a number from 0 to 3600');
  if (process.getuid?.() !== 0) throw new Failure(Exit.UNABLE, 'this loads BPF programs: run it as root');
  const rows = await measure(names.map(featureNamed), seconds);
  const machine = { cpu: cpus()[0]!.model.trim(), kernel: release(), node: process.versions.node };
  if (json) printJson({ machine, rows });
  else tell(machine, rows);
}

async function measure(features: readonly string[], seconds: number): Promise<Row[]> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stopping.abort());
  using line = progressLine();
  const rows: Row[] = [];
  for (const feature of features)
    rows.push(...(await bench(feature, { seconds, signal: stopping.signal, progress: line.show })));
  return rows;
}

function tell({ cpu, kernel, node }: Record<'cpu' | 'kernel' | 'node', string>, rows: readonly Row[]): void {
  console.log(`${cpu}, Linux ${kernel}, Node ${node}; the best batch of each\n`);
  printTable([
    ['feature', 'packet', 'becomes', 'ns', 'a second, one CPU', 'node:crypto ns', 'ratio'],
    ...rows.map(({ feature, packet, reason, nanoseconds, perSecond, node: other, ratio }) => [
      feature,
      packet,
      reason,
      `${nanoseconds}`,
      `${perSecond}`,
      other ? `${other.nanoseconds} (${other.what})` : '-',
      ratio === undefined ? '-' : `${ratio}`,
    ]),
  ]);
}
