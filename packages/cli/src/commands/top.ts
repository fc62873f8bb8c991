import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Exit, Failure } from '../failure.js';
import { core } from '../packages.js';
import { printJson } from '../print.js';
import { addStandingOptions, type StandingFlags } from '../standing.js';
import { frame } from '../top/frame.js';
import { type Look, viewsOf } from '../top/view.js';

interface TopFlags extends StandingFlags {
  once?: boolean;
  interval: number;
  runTime?: boolean;
}

const HOME_AND_CLEAR = '\u001b[H\u001b[J';

export function addTopCommand(program: Command): void {
  addStandingOptions(program.command('top'))
    .description('Rates, reasons, how full maps are, lost events: of all that stands, until Ctrl-C.')
    .option('--once', 'look twice, tell, and end')
    .option('--interval <seconds>', 'between two looks', secondsFrom, 1)
    .option(
      '--run-time',
      'measure how long programs run, meanwhile: some 20 ns each time; needs CAP_SYS_ADMIN',
    )
    .action(top);
}

async function top({ once, interval, runTime, json, pinPath }: TopFlags): Promise<void> {
  const { standingSamples, measureRuns } = await core();
  using _measuring = runTime ? measureRuns() : undefined;
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stopping.abort());
  const look = (): Look => ({ atMs: performance.now(), samples: standingSamples(pinPath) });
  for (let before = look(); !stopping.signal.aborted; ) {
    await sleep(interval * 1000, undefined, { signal: stopping.signal }).catch(() => {});
    if (stopping.signal.aborted) return;
    const now = look();
    show(before, now, json);
    if (once) return;
    before = now;
  }
}

function show(before: Look, now: Look, json: boolean | undefined): void {
  const views = viewsOf(before, now);
  if (json) {
    printJson(views);
    return;
  }
  const { isTTY, columns = 120, rows = 1000 } = process.stdout;
  const text = frame(views, { columns, rows: rows - 1 }).join('\n');
  console.log(isTTY ? `${HOME_AND_CLEAR}${text}` : text);
}

function secondsFrom(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new Failure(Exit.USAGE, `--interval is "${text}", expected seconds from 0.1 to 3600`);
}
