import { existsSync, readdirSync } from 'node:fs';
import { DEFAULT_PIN_PATH, dispatcherUrl, XdpChain } from '../chain/chain.js';
import { ChainSlot, openDispatcher } from '../chain/dispatcher.gen.js';
import { BpfError } from '../errors.js';
import { interfaceNames } from '../interface.js';
import { openLink } from '../links/link.js';
import { openMap } from '../maps/create.js';
import type { PerCpuArrayMap } from '../maps/keyed.js';
import { removePins, withLock } from '../pin.js';
import { countReasons, type ReasonCount, type ReasonName } from './records.js';

/** Features that Store and Installation keep, and their slots in the chain of an interface. */
const SLOTS = {
  offload: ChainSlot.CHAIN_OFFLOAD,
  'signed-auth': ChainSlot.CHAIN_SIGNED_AUTH,
  pow: ChainSlot.CHAIN_POW,
  cas: ChainSlot.CHAIN_CAS,
  zkp: undefined,
  pki: undefined,
} as const;

export type StandingFeature = keyof typeof SLOTS;

/** A feature that is pinned: it stands whether or not it has a controller. */
export interface Standing {
  readonly feature: StandingFeature;
  /** The option `name` that it was attached with, or its first interface. */
  readonly name: string;
  readonly pinPath: string;
  /** Interfaces that it is on; without a name when they are gone, or are in another network namespace. */
  readonly interfaces: readonly { readonly index: number; readonly name: string | undefined }[];
}

interface PinOptions {
  /** A directory in bpffs. Default /sys/fs/bpf/cryptbpf. */
  pinPath?: string;
}

/** All that stands below pinPath. Needs to be able to read bpffs. */
export function listStanding({ pinPath = DEFAULT_PIN_PATH }: PinOptions = {}): Standing[] {
  if (!existsSync(pinPath)) return [];
  const names = interfaceNames();
  const folders = readdirSync(pinPath).filter((folder) => existsSync(`${pinPath}/${folder}/stats`));
  return folders.sort().flatMap((folder) => {
    const feature = features().find((known) => folder.startsWith(`${known}-`));
    if (!feature) return [];
    const interfaces = markedIn(`${pinPath}/${folder}`).map((index) => ({ index, name: names.get(index) }));
    return [{ feature, name: folder.slice(feature.length + 1), pinPath, interfaces }];
  });
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

/** Packets and bytes by reason, summed over CPUs, since its maps were made. Needs CAP_BPF, or root. */
export function statsOf(standing: Standing): Record<ReasonName, ReasonCount> {
  const spec = openDispatcher(dispatcherUrl()).map('stats');
  using stats = openMap(`${folderOf(standing)}/stats`, spec) as PerCpuArrayMap<ReasonCount>;
  return countReasons((reason) => stats.at(reason));
}

/**
 * Takes it down: off its interfaces, and its memory with it. A controller that still runs finds nothing any more.
 * Before Linux 6.6, programs of tc are found only from within their network namespace.
 */
export function takeDown(standing: Standing): void {
  const folder = folderOf(standing);
  const slot = SLOTS[standing.feature];
  withLock(standing.pinPath, () => {
    if (slot !== undefined) for (const index of markedIn(folder)) removeFromChain(index, slot, standing);
    for (const link of readdirSync(folder).filter((name) => /^(link|egress)-\d+$/.test(name)))
      openLink(`${folder}/${link}`).detach();
    removePins(folder);
  });
}

/** Throws ERR_NO_INTERFACE for an interface of another network namespace, whose chain is not to be seen from here. */
function removeFromChain(index: number, slot: number, { pinPath, feature }: Standing): void {
  using chain = XdpChain.find(index, { pinPath });
  if (chain?.has(slot)) chain.remove(slot);
  if (chain || !readdirSync(pinPath).some((name) => name.startsWith('xdp-') && name.endsWith(`-${index}`)))
    return;
  const message = `interface ${index} of ${feature} is in another network namespace: run this there, by nsenter --net`;
  throw new BpfError('ERR_NO_INTERFACE', message);
}

const features = () => Object.keys(SLOTS) as StandingFeature[];
const folderOf = ({ pinPath, feature, name }: Standing) => `${pinPath}/${feature}-${name}`;

function markedIn(folder: string): number[] {
  const marks = readdirSync(folder).filter((name) => /^on-\d+$/.test(name));
  return marks.map((name) => Number(name.slice('on-'.length))).sort((a, b) => a - b);
}
