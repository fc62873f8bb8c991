import { BpfError } from '../errors.js';
import { maskBytes, toAddress } from './address.js';
import type { GateConfig, GateSecret, TokenRate } from './gate.gen.js';

/** So many tokens a second on average, and so many at once. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** Bounds between which the gate moves by itself as the load rises. */
export interface Range {
  min: number;
  max: number;
}

export type ProtectedPort = number | { port: number; protocol: 'tcp' | 'udp' };

/** What can be changed while the gate is up. Every one has a default that is safe. */
export interface GateSettings {
  /** Ports that only admitted sources reach; a bare number stands for TCP and UDP. */
  ports: ProtectedPort[];
  /** UDP port of the exchange. Default 22305. */
  controlPort?: number;
  /** Gates with the same number and the same secret accept each other's challenges. Default 1. */
  service?: number;
  /** Leading zero bits for pow. Under load it moves from min to max. Default {min: 16, max: 22}. */
  difficulty?: Range;
  /** Seconds for which a source is admitted. Under load it moves from max to min. Default {min: 300, max: 3600}. */
  lifetime?: Range;
  /** Admissions per second above which difficulty rises and lifetime falls. Default 1000. */
  targetAdmissions?: number;
  /** Seconds of excess load, at twice the target, that cost one more bit of difficulty. Default 10. */
  loadStep?: number;
  /** Prefixes that pass without a proof. The longest prefix on either list decides. */
  allow?: string[];
  /** Prefixes that never pass and get no challenge. */
  deny?: string[];
  /** Prefix lengths of what counts as one source. Default {ipv4: 32, ipv6: 64}. A change ends all admissions. */
  sourcePrefix?: { ipv4: number; ipv6: number };
  /**
   * How many sources of one wider prefix may be admitted anew within the longest lifetime, half of them at once. Who
   * renews in time is not counted again. Default {ipv4: 24, ipv6: 48, sources: 1024}.
   */
  widePrefix?: { ipv4: number; ipv6: number; sources: number };
  /** Packets of one admitted source to the protected ports. Default {perSecond: 10000, burst: 20000}. */
  packetRate?: Rate;
  /** New TCP connections of one admitted source. Default {perSecond: 50, burst: 100}. */
  synRate?: Rate;
  /** Answers to one source that has proved nothing. Default {perSecond: 100, burst: 200}. */
  answerRate?: Rate;
  /** Events about drops, for all sources together. Default {perSecond: 1000, burst: 1000}. */
  eventRate?: Rate;
  /**
   * Seconds between a challenge and its proof. Default 30. When it (or clockSkew) grows, the challenges that were given
   * before, and for clockSkew seconds after, are refused: those that were spent may have been forgotten.
   */
  challengeLifetime?: number;
  /** Seconds after which the key of the challenges changes. Default 3600; at least challengeLifetime + 2 clockSkew. */
  epoch?: number;
  /**
   * Seconds by which clocks of gates that share a secret may differ, at least 0.01. Default 2. A clock that is set back
   * by more has the gate refuse challenges until it is past where it was: onError is told.
   */
  clockSkew?: number;
  /** Seconds without a controller after which no new challenges are given. Default 86400. */
  clockHorizon?: number;
  /** Count and tell, but let everything pass. Default false. */
  monitor?: boolean;
}

export type ResolvedSettings = Required<GateSettings>;

const DEFAULTS: Omit<ResolvedSettings, 'ports'> = {
  controlPort: 22305,
  service: 1,
  difficulty: { min: 16, max: 22 },
  lifetime: { min: 300, max: 3600 },
  targetAdmissions: 1000,
  loadStep: 10,
  allow: [],
  deny: [],
  sourcePrefix: { ipv4: 32, ipv6: 64 },
  widePrefix: { ipv4: 24, ipv6: 48, sources: 1024 },
  packetRate: { perSecond: 10_000, burst: 20_000 },
  synRate: { perSecond: 50, burst: 100 },
  answerRate: { perSecond: 100, burst: 200 },
  eventRate: { perSecond: 1000, burst: 1000 },
  challengeLifetime: 30,
  epoch: 3600,
  clockSkew: 2,
  clockHorizon: 86_400,
  monitor: false,
};

/** Fills in defaults and checks everything. Throws ERR_BAD_OPTION with the option, its value and what it may be. */
export function resolveSettings(settings: GateSettings): ResolvedSettings {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(given).find((name) => name !== 'ports' && !(name in DEFAULTS));
  if (unknown) throw new BpfError('ERR_BAD_OPTION', `option ${unknown} is not known`);
  const resolved = { ...DEFAULTS, ...given } as ResolvedSettings;
  checkPorts(resolved);
  integer('service', resolved.service, 0, 0xffff_ffff);
  range('difficulty', resolved.difficulty, 0, 64);
  range('lifetime', resolved.lifetime, 1, 31_536_000);
  number('targetAdmissions', resolved.targetAdmissions, 0.001, 1e9);
  number('loadStep', resolved.loadStep, 0.001, 86_400);
  checkPrefixes(resolved);
  for (const name of ['packetRate', 'synRate', 'answerRate', 'eventRate'] as const)
    rate(name, resolved[name]);
  checkClocks(resolved);
  return resolved;
}

function checkPorts({ ports, controlPort }: ResolvedSettings): void {
  if (!Array.isArray(ports) || ports.length === 0) {
    throw new BpfError('ERR_BAD_OPTION', 'option ports is empty: name at least one port to protect');
  }
  for (const entry of ports) {
    const { port, protocol } = typeof entry === 'number' ? { port: entry, protocol: 'tcp' } : entry;
    integer('ports', port, 1, 65_535);
    if (protocol !== 'tcp' && protocol !== 'udp') {
      throw new BpfError(
        'ERR_BAD_OPTION',
        `option ports: protocol is "${protocol}", expected "tcp" or "udp"`,
      );
    }
  }
  integer('controlPort', controlPort, 1, 65_535);
}

function checkPrefixes({ sourcePrefix, widePrefix }: ResolvedSettings): void {
  integer('sourcePrefix.ipv4', sourcePrefix.ipv4, 1, 32);
  integer('sourcePrefix.ipv6', sourcePrefix.ipv6, 1, 128);
  integer('widePrefix.ipv4', widePrefix.ipv4, 1, sourcePrefix.ipv4);
  integer('widePrefix.ipv6', widePrefix.ipv6, 1, sourcePrefix.ipv6);
  integer('widePrefix.sources', widePrefix.sources, 2, 1e9);
}

function checkClocks(resolved: ResolvedSettings): void {
  number('challengeLifetime', resolved.challengeLifetime, 1, 3600);
  number('clockSkew', resolved.clockSkew, 0.01, 3600);
  number('clockHorizon', resolved.clockHorizon, 1, 31_536_000);
  /* Only then are at most two epochs, which share the cache of derived keys, open at a time. */
  number('epoch', resolved.epoch, resolved.challengeLifetime + 2 * resolved.clockSkew, 31_536_000);
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

function range(name: string, { min, max }: Range, low: number, high: number): void {
  integer(`${name}.min`, min, low, high);
  integer(`${name}.max`, max, min, high);
}

function rate(name: string, { perSecond, burst }: Rate): void {
  number(`${name}.perSecond`, perSecond, 0.001, 1e9);
  /* A burst that takes longer than a year to come back would not fit the gate's clock. */
  integer(`${name}.burst`, burst, 1, Math.min(1e9, Math.ceil(perSecond * 31_536_000)));
}

/** The words of a token bucket: see bpf/lib/token_bucket.h. */
export function tokenRate({ perSecond, burst }: Rate): TokenRate {
  const interval = Math.max(1, Math.round(1e9 / perSecond));
  return { intervalNs: BigInt(interval), toleranceNs: BigInt(interval) * BigInt(burst - 1) };
}

/** What stays the same from one configuration to the next. */
export interface ConfigContext {
  secrets: GateSecret[];
  bucketKey: { k0: bigint; k1: bigint };
  spentCapacity: number;
  /** On the boot clock; 0n: confirmed. */
  confirmByNs: bigint;
}

export function toConfig(settings: ResolvedSettings, context: ConfigContext): GateConfig {
  const { sourcePrefix, widePrefix, lifetime } = settings;
  /* A burst of half the cap, and the other half over one lifetime: never more than the cap within one. */
  const half = widePrefix.sources / 2;
  return {
    secrets: context.secrets,
    bucketKey: context.bucketKey,
    maskIpv4: toAddress(maskBytes(96 + sourcePrefix.ipv4)),
    maskIpv6: toAddress(maskBytes(sourcePrefix.ipv6)),
    wideIpv4: toAddress(maskBytes(96 + widePrefix.ipv4)),
    wideIpv6: toAddress(maskBytes(widePrefix.ipv6)),
    packetRate: tokenRate(settings.packetRate),
    synRate: tokenRate(settings.synRate),
    wideRate: tokenRate({ perSecond: half / lifetime.max, burst: Math.floor(half) }),
    answerRate: tokenRate(settings.answerRate),
    eventRate: tokenRate(settings.eventRate),
    epochMs: milliseconds(settings.epoch),
    challengeMs: milliseconds(settings.challengeLifetime),
    skewMs: milliseconds(settings.clockSkew),
    clockHorizonNs: nanoseconds(settings.clockHorizon),
    confirmByNs: context.confirmByNs,
    lifetimeMaxNs: nanoseconds(lifetime.max),
    lifetimeMinNs: nanoseconds(lifetime.min),
    spentCapacity: BigInt(context.spentCapacity),
    loadIntervalNs: nanoseconds(1 / settings.targetAdmissions),
    levelStepNs: nanoseconds(settings.loadStep),
    service: settings.service,
    port: settings.controlPort,
    difficultyMin: settings.difficulty.min,
    difficultyMax: settings.difficulty.max,
    monitor: settings.monitor ? 1 : 0,
  };
}

export function nanoseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9));
}

function milliseconds(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e3));
}
