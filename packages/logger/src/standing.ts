import { existsSync, readdirSync } from 'node:fs';
import { type ArrayMap, openMap, type Standing } from '@cryptbpf/core';
import { lossesIn, type Sealed, sealedIn } from './counters.js';
import { LogError } from './errors.js';
import { OBJECT } from './kernel.js';
import { type LogLosses, type LogStat, openLogger } from './logger.gen.js';
import type { Losses } from './record.js';

export interface StandingLogStats {
  readonly sealed: Sealed;
  /** By cause. */
  readonly lost: Losses;
}

/**
 * What a log that is pinned has sealed and lost since it was attached, whether or not it has a controller. Needs CAP_BPF, or
 * root. Throws BpfError, and ERR_LOG_STATE when it is gone.
 */
export function standingStats({ folder }: Pick<Standing, 'folder'>): StandingLogStats {
  const whole =
    existsSync(folder) && readdirSync(folder).find((name) => existsSync(`${folder}/${name}/ready`));
  if (!whole) throw new LogError('ERR_LOG_STATE', `${folder} has no log that records`);
  const spec = openLogger(OBJECT);
  const open = (name: 'log_stats' | 'log_lost') => openMap(`${folder}/${whole}/maps/${name}`, spec.map(name));
  using stats = open('log_stats') as ArrayMap<LogStat>;
  using lost = open('log_lost') as ArrayMap<LogLosses>;
  return { sealed: sealedIn(stats), lost: lossesIn(lost) };
}
