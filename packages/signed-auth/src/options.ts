import { BpfError, type GateOptions, type GateSettings, type Rate } from '@cryptbpf/core';
import type { TrustedKey } from './keys.js';

/** What can be changed while the gate is up. */
export interface SignedAuthSettings
  extends Omit<GateSettings, 'difficulty' | 'targetAdmissions' | 'loadStep'> {
  /** Name of the service: a signature for another one does not count here. Both ends have to know it. */
  audience: string;
  /** Seconds by which a packet's time may differ from the gate's. Default 30. */
  freshness?: number;
  /** Whether addresses and ports are signed too; not behind NAT or a load balancer. Default false. */
  bindAddress?: boolean;
  /** Whether the service sees the trailer. Default false: it sees the payload alone. */
  keepTrailer?: boolean;
  /** Whether of the two signatures that say the same only the one with the low s counts. Default false. */
  lowS?: boolean;
  /** Signatures that are checked for one source. Default {perSecond: 500, burst: 500}. */
  sourceBudget?: Rate;
  /** For one key. Default {perSecond: 2000, burst: 2000}. */
  keyBudget?: Rate;
  /** For all together: what a flood can cost. Default {perSecond: 5000, burst: 5000}. */
  curveBudget?: Rate;
  /** Sessions, or false for none. */
  sessions?: false | SessionSettings;
}

export interface SessionSettings {
  /** Seconds. Default 3600. */
  lifetime?: number;
  /** Of one key at a time; one more ends the oldest. Default 256. */
  perKey?: number;
}

/** What is fixed while the gate is up. */
export interface SignedAuthSizes {
  /** Keys that can be trusted at a time. Default 256. */
  maxKeys?: number;
  /** Sessions at a time, of all keys. Default 4096. */
  maxSessions?: number;
  /**
   * Bytes for tables. A key with a table is checked three times as fast as one without. Keys get tables in the
   * order in which they come; when there is no room for another, those that sign most have them. Default 16 MiB.
   */
  tableMemory?: number;
  /** Bits of a table's window: 8 is 256 KiB for a key. Default 8. */
  tableWidth?: number;
}

export interface SignedAuthOptions
  extends Omit<GateOptions, 'difficulty' | 'targetAdmissions' | 'loadStep'>,
    SignedAuthSettings,
    SignedAuthSizes {
  ports: GateSettings['ports'];
  /** Who may send; all of them. Those that an earlier controller trusted and that are not named here are revoked. */
  keys: readonly TrustedKey[];
}

/** With all defaults. */
export interface OwnSettings {
  audience: string;
  freshness: number;
  bindAddress: boolean;
  keepTrailer: boolean;
  lowS: boolean;
  sourceBudget: Rate;
  keyBudget: Rate;
  curveBudget: Rate;
  sessions: false | Required<SessionSettings>;
}

const SESSIONS: Required<SessionSettings> = { lifetime: 3600, perKey: 256 };

const SETTINGS: Omit<OwnSettings, 'audience'> = {
  freshness: 30,
  bindAddress: false,
  keepTrailer: false,
  lowS: false,
  sourceBudget: { perSecond: 500, burst: 500 },
  keyBudget: { perSecond: 2000, burst: 2000 },
  curveBudget: { perSecond: 5000, burst: 5000 },
  sessions: SESSIONS,
};

const SIZES: Required<SignedAuthSizes> = {
  maxKeys: 256,
  maxSessions: 4096,
  tableMemory: 16 * 2 ** 20,
  tableWidth: 8,
};

const DEFAULT_CONTROL_PORT = 22306;
const MAX_SESSIONS = 2 ** 20;

export interface Resolved {
  readonly own: OwnSettings;
  readonly sizes: Required<SignedAuthSizes>;
  readonly keys: readonly TrustedKey[];
  readonly gate: GateOptions;
}

/** Takes apart what is the gate's and what is not. Throws ERR_BAD_OPTION. */
export function resolveOptions({ keys, ...options }: SignedAuthOptions): Resolved {
  if (!Array.isArray(keys))
    throw new BpfError('ERR_BAD_OPTION', 'option keys is missing: name those to trust');
  const { own, rest } = takeOwn(options);
  const { sizes, gate } = takeSizes(rest);
  return {
    own: resolveSettings(own),
    sizes,
    keys,
    gate: {
      controlPort: DEFAULT_CONTROL_PORT,
      ...gate,
      difficulty: { min: 0, max: 0 },
    } as GateOptions,
  };
}

/** Settings of signed packets, and those of the gate. */
export function takeOwn(given: object): { own: Partial<OwnSettings>; rest: Record<string, unknown> } {
  const own: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === 'audience' || name in SETTINGS) own[name] = value;
    else rest[name] = value;
  }
  return { own, rest };
}

/** Fills in defaults, or what was before, and checks everything. Throws ERR_BAD_OPTION. */
export function resolveSettings(given: Partial<OwnSettings>, before?: OwnSettings): OwnSettings {
  const own = { ...(before ?? SETTINGS), ...given } as OwnSettings;
  if (own.sessions) own.sessions = { ...SESSIONS, ...(before?.sessions || {}), ...own.sessions };
  if (typeof own.audience !== 'string' || own.audience === '') {
    throw new BpfError(
      'ERR_BAD_OPTION',
      `option audience is ${own.audience}, expected the name of the service`,
    );
  }
  integer('freshness', own.freshness, 1, 86_400);
  for (const name of ['bindAddress', 'keepTrailer', 'lowS'] as const) boolean(name, own[name]);
  for (const name of ['sourceBudget', 'keyBudget', 'curveBudget'] as const) rate(name, own[name]);
  if (own.sessions) {
    integer('sessions.lifetime', own.sessions.lifetime, 1, 86_400);
    integer('sessions.perKey', own.sessions.perKey, 1, MAX_SESSIONS);
  }
  return own;
}

function takeSizes(given: Record<string, unknown>) {
  const sizes = { ...SIZES } as Record<string, unknown>;
  const gate: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (name in SIZES) sizes[name] = value;
    else gate[name] = value;
  }
  const checked = sizes as unknown as Required<SignedAuthSizes>;
  integer('maxKeys', checked.maxKeys, 1, 65_536);
  integer('maxSessions', checked.maxSessions, 1, MAX_SESSIONS);
  integer('tableMemory', checked.tableMemory, 0, 2 ** 40);
  return { sizes: checked, gate };
}

function integer(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new BpfError(
    'ERR_BAD_OPTION',
    `option ${name} is ${value}, expected an integer from ${min} to ${max}`,
  );
}

function boolean(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${value}, expected true or false`);
}

function rate(name: string, value: Rate): void {
  const { perSecond, burst } = value ?? {};
  if (typeof perSecond !== 'number' || !(perSecond >= 0.001 && perSecond <= 1e9)) {
    throw new BpfError('ERR_BAD_OPTION', `option ${name}.perSecond is ${perSecond}, expected 0.001 to 1e9`);
  }
  integer(`${name}.burst`, burst, 1, 1e9);
}
