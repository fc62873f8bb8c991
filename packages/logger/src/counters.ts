import { type ArrayMap, possibleCpus } from '@cryptbpf/core';
import type { LogLosses, LogStat } from './logger.gen.js';
import type { Losses } from './record.js';
import { LogCause } from './records.gen.js';

/* What the programs count, in maps of a log that has a controller here, or is pinned. */

/** Of all streams. */
export interface Sealed {
  readonly records: number;
  readonly bytes: number;
}

export function sealedIn(map: ArrayMap<LogStat>): Sealed {
  const stats = [...map].map(([, stat]) => stat);
  return {
    records: stats.reduce((sum, { records }) => sum + Number(records), 0),
    bytes: stats.reduce((sum, { bytes }) => sum + Number(bytes), 0),
  };
}

/** Events that were not recorded, on all CPUs. */
export function lossesIn(map: ArrayMap<LogLosses>): Losses {
  const view = map.view();
  const sum = (cause: number) => {
    let total = 0;
    for (let cpu = 0; cpu < possibleCpus(); cpu++)
      total += Number(view.getBigUint64((cpu * LogCause.LOG_CAUSES + cause) * 8, true));
    return total;
  };
  return {
    ring: sum(LogCause.LOG_LOST_RING),
    nested: sum(LogCause.LOG_LOST_NESTED),
    key: sum(LogCause.LOG_LOST_KEY),
    tree: sum(LogCause.LOG_LOST_TREE),
  };
}
