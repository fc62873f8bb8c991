import { closeSync, existsSync, readdirSync } from 'node:fs';
import { DEFAULT_PIN_PATH, dispatcherUrl } from '../chain/chain.js';
import { openDispatcher } from '../chain/dispatcher.gen.js';
import { countReasons, type ReasonCount } from '../gate/records.js';
import { listStanding, type Standing } from '../gate/standing.js';
import { interfaceNames, networkNamespace } from '../interface.js';
import { countElements } from '../maps/batch.js';
import { openMap } from '../maps/create.js';
import type { PerCpuArrayMap } from '../maps/keyed.js';
import { mapInfo } from '../maps/map.js';
import { kindOf, openPin } from '../pin.js';
import { type ProgramRuns, runsByMap } from './programs.js';
import { type Owner, reasonSamples, type Sample, sample } from './sample.js';

/* What stands pinned, whoever attached it. */

const FILLABLE: readonly unknown[] = ['hash', 'lru_hash', 'percpu_hash', 'lru_percpu_hash', 'lpm_trie'];
const COUNTERS = { stats: 'ingress', egress_stats: 'egress' } as const;

/** What is taken down while this looks at it is left out. */
export function standingSamples(pinPath: string = DEFAULT_PIN_PATH): Sample[] {
  if (!existsSync(pinPath)) return [];
  const runs = runsByMap();
  const features = listStanding({ pinPath }).flatMap((one) => unlessGone(() => samplesOf(one, runs)));
  return [...features, ...chainSamples(pinPath, runs)];
}

/** XDP programs are called one by another, and the kernel measures them as one: the dispatcher of each interface. */
function chainSamples(pinPath: string, runs: Map<number, ProgramRuns[]>): Sample[] {
  const names = interfaceNames();
  return readdirSync(pinPath).flatMap((folder) => {
    const [, namespace, index] = /^xdp-(\d+)-(\d+)$/.exec(folder) ?? [];
    const isOwn = namespace === String(networkNamespace());
    const owner = { feature: 'xdp', name: '', interface: (isOwn && names.get(Number(index))) || `#${index}` };
    return index === undefined
      ? []
      : unlessGone(() => [
          ...countSamples(owner, `${pinPath}/${folder}`),
          ...runSamples(owner, `${pinPath}/${folder}/chain_expected`, runs),
        ]);
  });
}

function samplesOf(
  { feature, name, folder, interfaces }: Standing,
  runs: Map<number, ProgramRuns[]>,
): Sample[] {
  const on = interfaces.map((one) => one.name ?? `#${one.index}`).join(',');
  const owner = { feature, name, interface: on };
  const pins = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const maps = pins.flatMap(({ name: pin }) => unlessGone(() => mapSamples(owner, `${folder}/${pin}`, pin)));
  return [...countSamples(owner, folder), ...maps, ...runSamples(owner, `${folder}/stats`, runs)];
}

function countSamples(owner: Owner, folder: string): Sample[] {
  return Object.entries(COUNTERS).flatMap(([pin, direction]) => {
    const path = `${folder}/${pin}`;
    if (!existsSync(path)) return [];
    using stats = openMap(path, openDispatcher(dispatcherUrl()).map('stats')) as PerCpuArrayMap<ReasonCount>;
    const counts = Object.entries(countReasons((reason) => stats.at(reason)));
    return counts.flatMap(([reason, count]) => reasonSamples(owner, direction, reason, count));
  });
}

function mapSamples(owner: Owner, path: string, map: string): Sample[] {
  return withPin(path, (fd) => {
    if (kindOf(fd) !== 'map') return [];
    const info = mapInfo(path, fd);
    if (!FILLABLE.includes(info.type)) return [];
    const entries = countElements({ ...info, fd, title: path });
    const filled = entries === undefined ? [] : [sample(owner, 'map_entries', entries, { map })];
    return [...filled, sample(owner, 'map_capacity', info.maxEntries, { map })];
  });
}

/** Of the programs that use the map which is pinned at path, as far as the kernel has measured any. */
function runSamples(owner: Owner, path: string, runs: Map<number, ProgramRuns[]>): Sample[] {
  if (!existsSync(path)) return [];
  const all = runs.get(withPin(path, (fd) => mapInfo(path, fd).id)) ?? [];
  const measured = all.filter(({ count }) => count > 0n);
  return measured.flatMap(({ program, count, seconds }) => [
    sample(owner, 'program_runs_total', count, { program }),
    sample(owner, 'program_run_seconds_total', seconds, { program }),
  ]);
}

function withPin<T>(path: string, action: (fd: number) => T): T {
  const fd = openPin(path, 'map', 'prog', 'link');
  try {
    return action(fd);
  } finally {
    closeSync(fd);
  }
}

function unlessGone(action: () => Sample[]): Sample[] {
  try {
    return action();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_NOT_FOUND') return [];
    throw error;
  }
}
