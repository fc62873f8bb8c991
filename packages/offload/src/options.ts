import { BpfError, type InstallOptions, type Rate, tokenRate } from '@cryptbpf/core';
import { OPERATIONS, type Operation, ROUTES, type Route } from './client/wire.js';
import type { Engine } from './engines/engine.js';
import type { OffloadKeySpec } from './keys.js';
import type { OffloadConfig } from './offload.gen.js';
import { CLASS_COUNT, SIZE_BOUNDS, SIZE_COUNT, sizeClass, staticRoute } from './policy.js';

/** Who may ask. */
export interface OffloadClientSpec {
  /** 0 to 2^32 - 2. */
  id: number;
  /** 32 random bytes that the client has, too. */
  secret: Uint8Array;
  /** Packets, with those of its sessions. Default {perSecond: 10000, burst: 1000}. */
  rate?: Rate;
  /** It may ask only in encrypted sessions. Default false: as it likes. */
  encrypted?: boolean;
}

/** Operations on data of that many bytes, and of sizes that are counted with it, are done by this route alone. */
export interface Pin {
  operation: Operation;
  bytes: number;
  route: Route;
}

/** What can be changed while the service is up. Every one has a default but ports. */
export interface OffloadSettings {
  /** UDP ports on which requests come; nothing else does. */
  ports?: readonly number[];
  clients?: readonly OffloadClientSpec[];
  /** By their ids. A key that is given again starts a new series of nonces. */
  keys?: Readonly<Record<number, OffloadKeySpec>>;
  /** 'learned'; 'static': small in BPF, large elsewhere, by fixed bounds; or one route for all. Default 'learned'. */
  policy?: 'learned' | 'static' | Route;
  /** Another word for policy: true is 'learned', false 'static'. */
  adaptiveMode?: boolean;
  /** 'static': hashes of up to so many bytes are small, and done by BPF. 64, 256, 512, 1024, 4096, 16384 or 65536. Default 512. */
  smallThreshold?: number;
  /** 'static': hashes of more bytes are large, and done by hardware where it is there. Default 4096. */
  largeThreshold?: number;
  /** 'static': false: small hashes are done in user space, too. Default true. */
  preferBpfForHash?: boolean;
  /** false: the hardware route is not used, though an engine was given. Default true. */
  hwAvailable?: boolean;
  /** Before policy. Default none. */
  pins?: readonly Pin[];
  /** A route that is not the best is tried once in so many requests, rarer where it is much worse. Default 64; 0: never. */
  exploreEvery?: number;
  /** How much a nanosecond of a CPU's work counts beside one of waiting, 0 to 16. Default 0: the fastest wins. */
  costWeight?: number;
  /** Packets of all clients together. Default {perSecond: 500000, burst: 10000}. */
  rate?: Rate;
  /** Lines of the decision log, see decisions(). Default {perSecond: 100, burst: 100}. */
  logRate?: Rate;
  /** Packets that wait for a route at most; more go elsewhere, or are refused. Default {userspace: 1024, hardware: 256}. */
  queueDepth?: { userspace: number; hardware: number };
  /** One result of BPF and of hardware in so many is compared with OpenSSL's. Default 64; 0: none. */
  checkEvery?: number;
  /** After which a client's encrypted session ends; it opens others by itself. Default 3600. */
  sessionSeconds?: number;
  /** Milliseconds after which an engine that keeps a request is taken out. Default 250. */
  stallMs?: number;
}

export interface OffloadOptions extends InstallOptions, OffloadSettings {
  /** Threads of the user-space route. Default one less than there are processors. */
  workers?: number;
  /** The hardware route: none unless it is given. */
  hardware?: Engine;
  /** Clients at most, fixed while the service is up. Default 64. */
  maxClients?: number;
  /** Told of what goes wrong in the background: an engine that is taken out. Default: a process warning. */
  onError?: (error: Error) => void;
}

export type Settings = Required<Omit<OffloadSettings, 'adaptiveMode'>>;

const DEFAULTS: Settings = {
  ports: [],
  clients: [],
  keys: {},
  policy: 'learned',
  smallThreshold: 512,
  largeThreshold: 4096,
  preferBpfForHash: true,
  hwAvailable: true,
  pins: [],
  exploreEvery: 64,
  costWeight: 0,
  rate: { perSecond: 500_000, burst: 10_000 },
  logRate: { perSecond: 100, burst: 100 },
  queueDepth: { userspace: 1024, hardware: 256 },
  checkEvery: 64,
  sessionSeconds: 3600,
  stallMs: 250,
};
export const CLIENT_RATE: Rate = { perSecond: 10_000, burst: 1000 };
const NOT_SETTINGS = [
  'interface',
  'name',
  'mode',
  'pin',
  'pinPath',
  'workers',
  'hardware',
  'maxClients',
  'onError',
];
/** Without a sign of life from the controller for so long, or twice stallMs, nothing is given to it. */
const LOST_MS = 500;

/** Takes apart what can be changed and what is fixed. Throws ERR_BAD_OPTION. */
export function settingsOf(options: OffloadOptions): Settings {
  const { workers, maxClients } = options;
  if (workers !== undefined) integer('workers', workers, 1, 1024);
  if (maxClients !== undefined) integer('maxClients', maxClients, 1, 65_536);
  const changes = Object.entries(options).filter(([name]) => !NOT_SETTINGS.includes(name));
  return withChanges(DEFAULTS, Object.fromEntries(changes));
}

/** Throws ERR_BAD_OPTION with the option, its value and what it may be. */
export function withChanges(settings: Settings, changes: OffloadSettings): Settings {
  const given = Object.entries(withPolicy(changes)).filter(([, value]) => value !== undefined);
  const unknown = given.find(([name]) => !(name in DEFAULTS));
  if (unknown) throw new BpfError('ERR_BAD_OPTION', `option ${unknown[0]} is not known`);
  const changed = { ...settings, ...Object.fromEntries(given) } as Settings;
  if (changed.ports.length === 0)
    throw new BpfError('ERR_BAD_OPTION', 'option ports is empty: name at least one port');
  for (const port of changed.ports) integer('ports', port, 1, 65_535);
  for (const { id } of changed.clients) integer('clients', id, 0, 0xffff_fffe);
  oneOf('policy', changed.policy, ['learned', 'static', ...ROUTES]);
  for (const name of ['smallThreshold', 'largeThreshold'] as const) oneOf(name, changed[name], SIZE_BOUNDS);
  if (changed.smallThreshold > changed.largeThreshold) {
    const message = `option smallThreshold is ${changed.smallThreshold}, more than largeThreshold: ${changed.largeThreshold}`;
    throw new BpfError('ERR_BAD_OPTION', message);
  }
  for (const name of ['preferBpfForHash', 'hwAvailable'] as const) boolean(name, changed[name]);
  for (const { operation, bytes, route } of changed.pins) {
    oneOf('pins', operation, OPERATIONS);
    oneOf('pins', route, ROUTES);
    integer('pins', bytes, 0, 65_536);
  }
  integer('exploreEvery', changed.exploreEvery, 0, 1e6);
  number('costWeight', changed.costWeight, 0, 16);
  for (const name of ['rate', 'logRate'] as const) checkRate(name, changed[name]);
  for (const { rate } of changed.clients) if (rate) checkRate('clients.rate', rate);
  for (const name of ['userspace', 'hardware'] as const)
    integer('queueDepth', changed.queueDepth[name], 1, 65_536);
  integer('checkEvery', changed.checkEvery, 0, 1e6);
  integer('sessionSeconds', changed.sessionSeconds, 1, 86_400);
  integer('stallMs', changed.stallMs, 10, 60_000);
  return changed;
}

/** adaptiveMode as a policy. */
function withPolicy({ adaptiveMode, ...changes }: OffloadSettings): OffloadSettings {
  if (adaptiveMode === undefined) return changes;
  boolean('adaptiveMode', adaptiveMode);
  if (changes.policy !== undefined)
    throw new BpfError('ERR_BAD_OPTION', 'options policy and adaptiveMode say the same: give one of them');
  return { ...changes, policy: adaptiveMode ? 'learned' : 'static' };
}

export function toConfig(settings: Settings, hasHardware: boolean): OffloadConfig {
  const { userspace, hardware } = settings.queueDepth;
  return {
    rate: tokenRate(settings.rate),
    logRate: tokenRate(settings.logRate),
    stallNs: BigInt(Math.max(LOST_MS, 2 * settings.stallMs)) * 1_000_000n,
    exploreInterval: settings.exploreEvery,
    costWeight: Math.round(settings.costWeight * 256),
    depthMax: [2 ** 30, userspace, hasHardware ? hardware : 0],
    checkInterval: settings.checkEvery,
  };
}

/** For each class a route and 1, or 0. */
export function pinsOf(settings: Settings, hasHardware: boolean): number[] {
  const pins = Array.from({ length: CLASS_COUNT }, (_, requestClass) => {
    if (settings.policy === 'learned') return 0;
    return (
      1 +
      (settings.policy === 'static'
        ? staticRoute(requestClass, hasHardware, settings)
        : ROUTES.indexOf(settings.policy))
    );
  });
  for (const { operation, bytes, route } of settings.pins)
    pins[OPERATIONS.indexOf(operation) * SIZE_COUNT + sizeClass(bytes)] = 1 + ROUTES.indexOf(route);
  return pins;
}

export function portBits(ports: readonly number[]): bigint[] {
  const words = new BigUint64Array(1024);
  for (const port of ports) words[port >> 6]! |= 1n << BigInt(port & 63);
  return [...words];
}

function checkRate(name: string, { perSecond, burst }: Rate): void {
  number(`${name}.perSecond`, perSecond, 0.001, 1e9);
  integer(`${name}.burst`, burst, 1, 1e9);
}

function boolean(name: string, value: boolean): void {
  if (typeof value === 'boolean') return;
  throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${value}, expected true or false`);
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

function oneOf<T extends string | number>(name: string, value: T, values: readonly T[]): void {
  if (values.includes(value)) return;
  throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${value}, expected one of ${values.join(', ')}`);
}
