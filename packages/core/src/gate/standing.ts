import { existsSync, readdirSync } from 'node:fs';
import { DEFAULT_PIN_PATH, dispatcherUrl, XdpChain } from '../chain/chain.js';
import { ChainSlot, openDispatcher } from '../chain/dispatcher.gen.js';
import { BpfError } from '../errors.js';
import { interfaceNames, networkNamespace } from '../interface.js';
import { openLink } from '../links/link.js';
import { openMap } from '../maps/create.js';
import type { PerCpuArrayMap } from '../maps/keyed.js';
import { removePins, withLock } from '../pin.js';
import { type Mark, marksIn } from './marks.js';
import { countReasons, type ReasonCount, type ReasonName } from './records.js';

/** Features that are pinned, and the slots in the chain of an interface of those that have one. */
const SLOTS = {
  offload: ChainSlot.CHAIN_OFFLOAD,
  'signed-auth': ChainSlot.CHAIN_SIGNED_AUTH,
  pow: ChainSlot.CHAIN_POW,
  cas: ChainSlot.CHAIN_CAS,
  zkp: undefined,
  pki: undefined,
  tunnel: undefined,
  logger: undefined,
} as const;

/** What tells that a folder is all there, where it is not its counters. */
const WHOLE = {
  tunnel: (entries: readonly string[]) => entries.some((name) => /^(in|e)gress-\d+$/.test(name)),
  logger: (entries: readonly string[], path: string) =>
    entries.some((name) => existsSync(`${path}/${name}/ready`)),
};

export type StandingFeature = keyof typeof SLOTS;

/** A feature that is pinned: it stands whether or not it has a controller. */
export interface Standing {
  readonly feature: StandingFeature;
  /**
   * The option `name` that it was attached with, or its first interface. Of a tunnel in another network namespace, the
   * number of that goes before it.
   */
  readonly name: string;
  readonly pinPath: string;
  /** Interfaces that it is on. */
  readonly interfaces: readonly StandingInterface[];
  /** Where its pins are. */
  readonly folder: string;
}

export interface StandingInterface {
  readonly index: number;
  /** undefined: it is gone, or is in another network namespace. */
  readonly name: string | undefined;
  /** The number of its network namespace. */
  readonly namespace: number;
}

interface PinOptions {
  /** A directory in bpffs. Default /sys/fs/bpf/cryptbpf. */
  pinPath?: string;
}

/** All that stands below pinPath. Needs to be able to read bpffs. */
export function listStanding({ pinPath = DEFAULT_PIN_PATH }: PinOptions = {}): Standing[] {
  if (!existsSync(pinPath)) return [];
  return readdirSync(pinPath)
    .sort()
    .flatMap((folder) => {
      const feature = features().find((known) => folder.startsWith(`${known}-`));
      if (!feature || !isWhole(feature, `${pinPath}/${folder}`)) return [];
      const path = `${pinPath}/${folder}`;
      const interfaces = interfacesIn(path, feature).map(named);
      return [{ feature, name: nameOf(feature, folder), pinPath, interfaces, folder: path }];
    });
}

function isWhole(feature: StandingFeature, path: string): boolean {
  if (feature !== 'tunnel' && feature !== 'logger') return existsSync(`${path}/stats`);
  return WHOLE[feature](readdirSync(path), path);
}

/** A tunnel's folder is named by its network namespace, too. */
function nameOf(feature: StandingFeature, folder: string): string {
  const name = folder.slice(feature.length + 1);
  const own = `${networkNamespace()}-`;
  return feature === 'tunnel' && name.startsWith(own) ? name.slice(own.length) : name;
}

/** The one of that feature, with that name if there are several. Throws ERR_NOT_FOUND. */
export function findStanding(
  feature: StandingFeature,
  options: PinOptions & { name?: string } = {},
): Standing {
  const all = listStanding(options).filter((standing) => standing.feature === feature);
  const found = all.filter(({ name }) => options.name === undefined || name === options.name);
  if (found.length === 1) return found[0]!;
  const names = all.map(({ name }) => name).join(', ');
  const wanted = options.name === undefined ? '' : ` named "${options.name}"`;
  throw new BpfError(
    'ERR_NOT_FOUND',
    found.length === 0
      ? `no ${feature}${wanted} is pinned below ${options.pinPath ?? DEFAULT_PIN_PATH}${names && `: there is ${names}`}`
      : `there are several of ${feature}: name one of ${names}`,
  );
}

/**
 * Packets and bytes by reason, summed over CPUs, since its maps were made. Needs CAP_BPF, or root. Throws
 * ERR_NOT_SUPPORTED for a logger, which counts records: see @cryptbpf/logger.
 */
export function statsOf({ feature, folder }: Standing): Record<ReasonName, ReasonCount> {
  if (feature === 'logger')
    throw new BpfError(
      'ERR_NOT_SUPPORTED',
      'a logger counts records, not packets: see standingStats() of @cryptbpf/logger',
    );
  const spec = openDispatcher(dispatcherUrl()).map('stats');
  using stats = openMap(`${folder}/stats`, spec) as PerCpuArrayMap<ReasonCount>;
  return countReasons((reason) => stats.at(reason));
}

/**
 * Takes it down: off its interfaces, and its memory with it. A controller that still runs finds nothing any more.
 * Before Linux 6.6, programs of tc are found only from within their network namespace.
 */
export function takeDown(standing: Standing): void {
  const { folder, feature } = standing;
  if (feature in WHOLE) {
    const message = `${feature} is taken down by @cryptbpf/${feature}, which ends more than what is pinned`;
    throw new BpfError('ERR_NOT_SUPPORTED', message);
  }
  const slot = SLOTS[feature];
  withLock(standing.pinPath, () => {
    if (slot !== undefined) for (const mark of marksIn(folder)) removeFromChain(mark, slot, standing.pinPath);
    for (const link of readdirSync(folder).filter((name) => /^(in|e)gress-\d+-\d+$/.test(name)))
      openLink(`${folder}/${link}`).detach();
    removePins(folder);
  });
}

function removeFromChain({ namespace, index }: Mark, slot: number, pinPath: string): void {
  using chain = XdpChain.find(index, { pinPath, namespace });
  if (chain?.has(slot)) chain.remove(slot);
}

const features = () => Object.keys(SLOTS) as StandingFeature[];

/** Marked by Installation, or told by the names of a tunnel's links. */
function interfacesIn(folder: string, feature: StandingFeature): Mark[] {
  if (feature !== 'tunnel') return marksIn(folder);
  const namespace = Number(/\/tunnel-(\d+)-[^/]*$/.exec(folder)?.[1]);
  const links = readdirSync(folder).flatMap((name) => /^(?:in|e)gress-(\d+)$/.exec(name)?.[1] ?? []);
  const indexes = [...new Set(links.map(Number))].sort((a, b) => a - b);
  return indexes.map((index) => ({ namespace, index }));
}

function named({ namespace, index }: Mark): StandingInterface {
  const name = namespace === networkNamespace() ? interfaceNames().get(index) : undefined;
  return { index, name, namespace };
}
