import { BpfError, type InstallOptions, type Rate, tokenRate } from '@cryptbpf/core';
import type { CasConfig, CasPorts } from './cas.gen.js';
import type { AnyId } from './client/cid.js';

/** What can be changed while the verifier is up. Every one has a default. */
export interface ContentSettings {
  /** UDP ports to which only content comes that is what its id says. */
  ports?: readonly number[];
  /** UDP ports, of others, to which only such content leaves. */
  egressPorts?: readonly number[];
  /** Only these ids pass. Default 'any'. */
  allow?: 'any' | Iterable<AnyId>;
  /** These ids do not pass; an id on both lists does not. Default none. */
  deny?: Iterable<AnyId>;
  /** Whether what the lists refuse is only counted and told, and judged by its hash alone. Default false. */
  observeLists?: boolean;
  /** Whether what would be dropped is counted and passed. Default false. */
  monitor?: boolean;
  /**
   * Blocks of SHA-256, of 64 bytes each, that are hashed of what one source sends in: an IPv4 address, or the /64 of an
   * IPv6 one. Content of 1356 bytes takes 22, a chunk of 512 bytes of an object of 256 MiB 48. false: no limit. Default
   * {perSecond: 4000000, burst: 400000}, which is more than one CPU hashes.
   */
  sourceBudget?: Rate | false;
  /** The same of all sources together. Default false: no limit. */
  hashBudget?: Rate | false;
  /** Events about drops, in all. Default {perSecond: 1000, burst: 1000}. */
  eventRate?: Rate;
}

export interface ContentVerifierOptions extends InstallOptions, ContentSettings {
  /** Ids on both lists together, fixed while the verifier is up. Default 65536; 32 bytes each, and as much once more as they take. */
  maxIds?: number;
  /** Seconds after which the verifier opens and is detached, unless confirm() was called: nobody locks himself out. */
  confirmWithin?: number;
  /** Told of what goes wrong in the background. Default: a process warning. */
  onError?: (error: Error) => void;
}

export type Settings = Required<ContentSettings>;

const DEFAULTS: Settings = {
  ports: [],
  egressPorts: [],
  allow: 'any',
  deny: [],
  observeLists: false,
  monitor: false,
  sourceBudget: { perSecond: 4_000_000, burst: 400_000 },
  hashBudget: false,
  eventRate: { perSecond: 1000, burst: 1000 },
};

const IDS_DEFAULT = 65_536;
const IDS_MIN = 1024;
const IDS_MAX = 2 ** 26;
const DAY_S = 86_400;

/** Takes apart what can be changed and what is fixed. Throws ERR_BAD_OPTION. */
export function settingsOf(options: ContentVerifierOptions): Settings {
  const {
    interface: _interface,
    name: _name,
    mode: _mode,
    pin: _pin,
    pinPath: _pinPath,
    maxIds: _maxIds,
    confirmWithin,
    onError: _onError,
    ...settings
  } = options;
  if (confirmWithin !== undefined) number('confirmWithin', confirmWithin, 0, DAY_S);
  return withChanges(DEFAULTS, settings);
}

/** Throws ERR_BAD_OPTION with the option, its value and what it may be. */
export function withChanges(settings: Settings, changes: ContentSettings): Settings {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const unknown = given.find(([name]) => !(name in DEFAULTS));
  if (unknown) throw new BpfError('ERR_BAD_OPTION', `option ${unknown[0]} is not known`);
  const changed = { ...settings, ...Object.fromEntries(given) } as Settings;
  for (const name of ['ports', 'egressPorts'] as const)
    for (const port of changed[name]) integer(name, port, 1, 65_535);
  if (changed.ports.length + changed.egressPorts.length === 0) {
    throw new BpfError('ERR_BAD_OPTION', 'options ports and egressPorts are empty: name at least one port');
  }
  for (const name of ['sourceBudget', 'hashBudget'] as const)
    if (changed[name] !== false) checkRate(name, changed[name]);
  checkRate('eventRate', changed.eventRate);
  return changed;
}

export function maxIdsOf({ maxIds = IDS_DEFAULT }: ContentVerifierOptions): number {
  integer('maxIds', maxIds, IDS_MIN, IDS_MAX);
  return maxIds;
}

export function toConfig(settings: Settings, confirmByNs: bigint): CasConfig {
  return {
    confirmByNs,
    eventRate: tokenRate(settings.eventRate),
    sourceRate: budgetRate(settings.sourceBudget),
    hashRate: budgetRate(settings.hashBudget),
    monitor: settings.monitor ? 1 : 0,
    observeLists: settings.observeLists ? 1 : 0,
  };
}

/** For the kernel, an interval of 0 is no limit. */
function budgetRate(budget: Rate | false): CasConfig['hashRate'] {
  return budget === false ? { intervalNs: 0n, toleranceNs: 0n } : tokenRate(budget);
}

export function toPorts({ ports, egressPorts }: Settings): CasPorts {
  return { ingress: bitsOf(ports), egress: bitsOf(egressPorts) };
}

function bitsOf(ports: readonly number[]): bigint[] {
  const words = new BigUint64Array(1024);
  for (const port of ports) words[port >> 6]! |= 1n << BigInt(port & 63);
  return [...words];
}

function checkRate(name: string, { perSecond, burst }: Rate): void {
  number(`${name}.perSecond`, perSecond, 0.001, 1e9);
  integer(`${name}.burst`, burst, 1, 1e9);
}

function number(name: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${value}, expected a number from ${min} to ${max}`);
}

function integer(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new BpfError(
    'ERR_BAD_OPTION',
    `option ${name} is ${value}, expected an integer from ${min} to ${max}`,
  );
}
