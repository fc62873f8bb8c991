import { BpfError, type GateOptions, type GateSettings, type Rate } from '@cryptbpf/core';
import { DEFAULT_PORT } from './client/message.js';
import { parseRule } from './names.js';
import type { PkiName } from './pki.gen.js';
import type { CertificateSource, CrlSource } from './sources.js';

/** What can be changed while the gate is up. */
export interface PkiSettings extends Omit<GateSettings, 'difficulty' | 'targetAdmissions' | 'loadStep'> {
  /** Name of the service: a signature for another one does not count here. Both ends have to know it. */
  audience: string;
  /** CAs that are trusted, each for what is below it. P-256 keys, unless `otherAlgorithms`. */
  anchors: readonly CertificateSource[];
  /** CAs below them that peers need not send, and that are faster verified with. */
  intermediates?: readonly CertificateSource[];
  /**
   * Which subject alternative name a certificate must have one of: "dns:host.example", "dns:.below.example",
   * "spiffe://trust.example/ns/prod/" (with a slash at its end: all below), "uri:…", "ip:192.0.2.0/24"; or 'any' for
   * whoever an authority certifies.
   */
  names: 'any' | readonly string[];
  /** Lists of revoked certificates, signed by anchors or intermediates. */
  crls?: readonly CrlSource[];
  /**
   * Whether a certificate whose issuer has no list is refused. Default: true if there are crls. One whose list is stale
   * always is.
   */
  requireCrl?: boolean;
  /**
   * Whether `admit()` verifies by node:crypto what the kernel does not: RSA from 2048 bits on, P-384, and chains that do
   * not fit a packet. Over UDP they are refused all the same. Default false.
   */
  otherAlgorithms?: boolean;
  /** Curve operations for one source: one for each certificate, and one for its holder. Default {perSecond: 50, burst: 100}. */
  sourceBudget?: Rate;
  /** For all together: what a flood can cost. Default {perSecond: 5000, burst: 5000}. */
  curveBudget?: Rate;
}

/** What is fixed while the gate is up. */
export interface PkiSizes {
  /** Anchors and intermediates at a time, each with a table of 256 KiB. Default 16. */
  maxAuthorities?: number;
  /** Revoked certificates, of all lists. Default 65536. */
  maxRevoked?: number;
  /** Rules of `names`. Default 1024. */
  maxNames?: number;
}

export interface PkiOptions
  extends Omit<GateOptions, 'difficulty' | 'targetAdmissions' | 'loadStep' | 'mode' | 'grace'>,
    PkiSettings,
    PkiSizes {
  ports: GateSettings['ports'];
}

/** With all defaults. */
export interface OwnSettings {
  audience: string;
  anchors: readonly CertificateSource[];
  intermediates: readonly CertificateSource[];
  names: 'any' | readonly string[];
  crls: readonly CrlSource[];
  requireCrl: boolean | undefined;
  otherAlgorithms: boolean;
  sourceBudget: Rate;
  curveBudget: Rate;
}

const SETTINGS: Omit<OwnSettings, 'audience' | 'anchors' | 'names'> = {
  intermediates: [],
  crls: [],
  requireCrl: undefined,
  otherAlgorithms: false,
  sourceBudget: { perSecond: 50, burst: 100 },
  curveBudget: { perSecond: 5000, burst: 5000 },
};

const SIZES: Required<PkiSizes> = { maxAuthorities: 16, maxRevoked: 65_536, maxNames: 1024 };

const OWN = new Set([...Object.keys(SETTINGS), 'audience', 'anchors', 'names']);
/** Seconds: shorter than that of gates whose admissions do not depend on the wall clock. */
const CLOCK_HORIZON = 3600;

export interface Resolved {
  readonly own: OwnSettings;
  readonly sizes: Required<PkiSizes>;
  readonly gate: GateOptions;
}

/** Takes apart what is the gate's and what is not. Throws ERR_BAD_OPTION. */
export function resolveOptions(options: PkiOptions): Resolved {
  const { own, rest } = takeOwn(options);
  const { sizes, gate } = takeSizes(rest);
  for (const name of ['difficulty', 'mode', 'grace'])
    if (name in gate) throw new BpfError('ERR_BAD_OPTION', `option ${name} is not known`);
  return {
    own: resolveSettings(own),
    sizes,
    gate: {
      controlPort: DEFAULT_PORT,
      clockHorizon: CLOCK_HORIZON,
      ...gate,
      difficulty: { min: 0, max: 0 },
    } as GateOptions,
  };
}

/** Settings of certificates, and those of the gate. */
export function takeOwn(given: object): { own: Partial<OwnSettings>; rest: Record<string, unknown> } {
  const own: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (OWN.has(name)) own[name] = value;
    else rest[name] = value;
  }
  return { own, rest };
}

/** Fills in defaults, or what was before, and checks everything. Throws ERR_BAD_OPTION. */
export function resolveSettings(given: Partial<OwnSettings>, before?: OwnSettings): OwnSettings {
  const own = { ...(before ?? SETTINGS), ...given } as OwnSettings;
  if (typeof own.audience !== 'string' || own.audience === '')
    throw new BpfError(
      'ERR_BAD_OPTION',
      `option audience is ${own.audience}, expected the name of the service`,
    );
  if (!Array.isArray(own.anchors) || own.anchors.length === 0)
    throw new BpfError('ERR_BAD_OPTION', 'option anchors is empty: name at least one CA');
  for (const name of ['intermediates', 'crls'] as const)
    if (!Array.isArray(own[name])) throw new BpfError('ERR_BAD_OPTION', `option ${name} is no array`);
  rulesOf(own);
  if (own.requireCrl !== undefined && typeof own.requireCrl !== 'boolean')
    throw new BpfError('ERR_BAD_OPTION', `option requireCrl is ${own.requireCrl}, expected true or false`);
  if (typeof own.otherAlgorithms !== 'boolean')
    throw new BpfError(
      'ERR_BAD_OPTION',
      `option otherAlgorithms is ${own.otherAlgorithms}, expected true or false`,
    );
  for (const name of ['sourceBudget', 'curveBudget'] as const) rate(name, own[name]);
  return own;
}

/** What the program's trie holds. */
export function rulesOf({ names }: OwnSettings): PkiName[] {
  if (names === 'any') return [];
  if (!Array.isArray(names) || names.length === 0)
    throw new BpfError('ERR_BAD_OPTION', "option names is empty: name at least one rule, or 'any'");
  return names.map(parseRule);
}

function takeSizes(given: Record<string, unknown>) {
  const sizes = { ...SIZES } as Record<string, unknown>;
  const gate: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name in SIZES) sizes[name] = value;
    else gate[name] = value;
  }
  const checked = sizes as unknown as Required<PkiSizes>;
  integer('maxAuthorities', checked.maxAuthorities, 1, 1024);
  integer('maxRevoked', checked.maxRevoked, 1, 2 ** 24);
  integer('maxNames', checked.maxNames, 1, 65_536);
  return { sizes: checked, gate };
}

function integer(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new BpfError(
    'ERR_BAD_OPTION',
    `option ${name} is ${value}, expected an integer from ${min} to ${max}`,
  );
}

function rate(name: string, value: Rate): void {
  const { perSecond, burst } = value ?? {};
  if (typeof perSecond !== 'number' || !(perSecond >= 0.001 && perSecond <= 1e9))
    throw new BpfError('ERR_BAD_OPTION', `option ${name}.perSecond is ${perSecond}, expected 0.001 to 1e9`);
  integer(`${name}.burst`, burst, 4, 1e9);
}
