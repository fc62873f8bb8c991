import type { Command } from 'commander';
import { wholeFrom } from '../../flags.js';
import { installed } from '../../packages.js';
import { progressLine } from '../../print.js';
import { type AccessFlags, addAccessOptions, getAccess } from './access.js';

interface PowFlags extends AccessFlags {
  maxDifficulty?: number;
}

export function addPowClient(client: Command): void {
  addAccessOptions(client.command('pow').alias('crypto-ratelimit').description('Solve the puzzle of a gate.'))
    .option('--max-difficulty <bits>', 'the hardest puzzle to solve (default: 32)', wholeFrom)
    .action(pow);
}

async function pow(host: string, flags: PowFlags): Promise<void> {
  const { requestAccess, keepAccess } = await installed('pow', () => import('@cryptbpf/pow/udp'));
  using progress = progressLine();
  const more = {
    ...(flags.maxDifficulty !== undefined && { maxDifficulty: flags.maxDifficulty }),
    onProgress: ({ hashes, expected, rate }: { hashes: number; expected: number; rate: number }) =>
      progress.show(
        `${Math.round((hashes / expected) * 100)} % of ${expected} hashes, ${Math.round(rate)}/s`,
      ),
  };
  await getAccess(host, flags, {
    ask: (options) => requestAccess({ ...options, ...more }),
    keep: (options) => keepAccess({ ...options, ...more }),
  });
}
