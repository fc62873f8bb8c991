import { BpfError, type GateOptions, type GateSettings, type Rate } from '@cryptbpf/core';
import type { GroupOptions } from './groups.js';
import type { ProofKey } from './public-keys.js';
import type { ProofSecret } from './secrets.js';

/** Proofs by secrets that the gate has as well. */
export interface HashProofs {
  kind: 'hash';
  /** Who may prove; all of them. Those that an earlier controller had and that are not named here are removed. */
  keys: readonly ProofSecret[];
  /** Secrets that there can be at a time; fixed while the gate is up. Default 256. */
  maxKeys?: number;
}

/** Schnorr proofs: the gate has public keys alone. */
export interface SchnorrProofs {
  kind: 'schnorr';
  /** Who may prove; all of them. Those that an earlier controller had and that are not named here are removed. */
  keys: readonly ProofKey[];
  /** Keys that there can be at a time; fixed while the gate is up. Default 64: 16 MiB of tables. */
  maxKeys?: number;
  /** Bits of a table's window: 8 is 256 KiB for a key, 4 is 32 KiB and slower. Default 8. */
  tableWidth?: number;
}

/** Ring proofs: the gate learns that a member of a group proved, not which one. */
export interface RingProofs {
  kind: 'ring';
  /** Whose members may prove; all of them. Those that an earlier controller had and that are not named here are removed. */
  groups: readonly GroupOptions[];
  /** Groups that there can be at a time; fixed while the gate is up. Default 4. */
  maxGroups?: number;
  /** Members of all groups at a time, those of epochs that still count along; fixed. Default 64: 16 MiB of tables. */
  maxMembers?: number;
  /** Bits of a table's window: 8 is 256 KiB for a member, 4 is 32 KiB and slower. Default 8. */
  tableWidth?: number;
}

/** What is proved. */
export type ProofOptions = HashProofs | SchnorrProofs | RingProofs;

/**
 * What can be changed while the gate is up. A curve operation takes about 30 us: a Schnorr proof is one, a ring proof one for
 * each member, or five where admissions are counted.
 */
export interface ZkpSettings extends Omit<GateSettings, 'difficulty' | 'targetAdmissions' | 'loadStep'> {
  /** Curve operations for one source. Default {perSecond: 100, burst: 400}. */
  sourceBudget?: Rate;
  /** For all together: what a flood of false proofs can cost. Default {perSecond: 5000, burst: 5000}. */
  curveBudget?: Rate;
}

export interface ZkpOptions<Proofs extends ProofOptions = ProofOptions>
  extends Omit<GateOptions, 'difficulty' | 'targetAdmissions' | 'loadStep' | 'mode'>,
    ZkpSettings {
  ports: GateSettings['ports'];
  /** Name of the service: a proof for another one does not count here. Both ends have to know it. */
  audience: string;
  proof: Proofs;
}

/** With all defaults. */
export interface Budgets {
  sourceBudget: Rate;
  curveBudget: Rate;
}

export const BUDGETS: Budgets = {
  sourceBudget: { perSecond: 100, burst: 400 },
  curveBudget: { perSecond: 5000, burst: 5000 },
};

const DEFAULT_CONTROL_PORT = 22307;

/** What is the gate's of the options, and what is not. Throws ERR_BAD_OPTION. */
export function takeOptions({ audience, proof: _proof, ...rest }: ZkpOptions): {
  gate: GateOptions;
  budgets: Budgets;
} {
  if (typeof audience !== 'string' || audience === '') {
    throw new BpfError('ERR_BAD_OPTION', `option audience is ${audience}, expected the name of the service`);
  }
  const { budgets, gate } = takeBudgets(rest, BUDGETS);
  return {
    budgets,
    gate: {
      controlPort: DEFAULT_CONTROL_PORT,
      ...gate,
      difficulty: { min: 0, max: 0 },
    } as GateOptions,
  };
}

/** Fills in what was before, and checks it. Throws ERR_BAD_OPTION. */
export function takeBudgets(given: object, before: Budgets) {
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const { sourceBudget, curveBudget, ...gate } = { ...before, ...Object.fromEntries(named) };
  const budgets: Budgets = { sourceBudget, curveBudget };
  for (const [name, budget] of Object.entries(budgets)) checkRate(name, budget);
  return { budgets, gate };
}

/** Throws ERR_BAD_OPTION. */
export function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  const message = `option proof.${name} is ${value}, expected an integer from 1 to ${max}`;
  throw new BpfError('ERR_BAD_OPTION', message);
}

function checkRate(name: string, rate: Rate): void {
  const { perSecond, burst } = rate ?? {};
  if (!(typeof perSecond === 'number' && perSecond >= 0.001 && perSecond <= 1e9)) {
    throw new BpfError('ERR_BAD_OPTION', `option ${name}.perSecond is ${perSecond}, expected 0.001 to 1e9`);
  }
  if (Number.isInteger(burst) && burst >= 1 && burst <= 1e9) return;
  throw new BpfError('ERR_BAD_OPTION', `option ${name}.burst is ${burst}, expected an integer from 1 to 1e9`);
}
